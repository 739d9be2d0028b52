import { describe, expect, it } from '@jest/globals';
import { v4 } from 'uuid';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, eventsOf } from './support/making.js';
import { sharing } from './support/running.js';
import { claimTasks, heldTask, submitTask } from './support/tasks.js';

type Heartbeat = Readonly<{ leaseExpiresAt: string; cancelRequested: boolean }>;

const server = sharing();
const ann = server.as('ann');
const bob = server.as('bob');
const admin = server.as();
const typesOf = async (id: string) => (await eventsOf(ann, `task-${id}`)).map(({ type }) => type);
const taskOf = (id: string, after: string) =>
  bodyOf(ann.get<object>(`/v1/tasks/${id}?after=${after}`));

describe('the holder of a task', () => {
  it('keeps its lease by heartbeats, which are answered with what is stored', async () => {
    const { id, leaseToken, leaseExpiresAt } = await heldTask(ann, v4());
    const { status, body } = await ann.post<Heartbeat>(`/v1/tasks/${id}/heartbeat`, { leaseToken });
    expect(status).toBe(200);
    // Its first half is not over: the lease goes on as it is, and nothing is stored.
    expect(body).toStrictEqual({ leaseExpiresAt, cancelRequested: false });
    expect(await typesOf(id)).toEqual(['TaskSubmitted', 'TaskClaimed']);
  });

  it('has its lease extended once the first half of it is over', async () => {
    const queue = v4();
    await submitTask(ann, queue);
    const [held] = await claimTasks(ann, queue, { leaseSeconds: 6 });
    const { id, leaseToken, leaseExpiresAt } = held!;
    let until = leaseExpiresAt;
    while (until === leaseExpiresAt) {
      const beat = ann.post<Heartbeat>(`/v1/tasks/${id}/heartbeat`, { leaseToken });
      until = (await bodyOf(beat)).leaseExpiresAt;
    }
    expect(Date.parse(until) - Date.parse(leaseExpiresAt)).toBeGreaterThanOrEqual(3_000);
    // However many heartbeats it took.
    expect(await typesOf(id)).toEqual(['TaskSubmitted', 'TaskClaimed', 'TaskLeaseExtended']);
  });

  it('hears by its heartbeat that the task is to be cancelled, and lets go of it', async () => {
    const { id, leaseToken } = await heldTask(ann, v4());
    await bodyOf(ann.post(`/v1/tasks/${id}/cancel`, { reason: 'not needed' }));
    const { body } = await ann.post<Heartbeat>(`/v1/tasks/${id}/heartbeat`, { leaseToken });
    expect(body.cancelRequested).toBe(true);
    const failed = await bodyOf(ann.post(`/v1/tasks/${id}/fail`, { leaseToken, error: 'stopped' }));
    expect(await taskOf(id, failed.position)).toMatchObject({
      ...{ status: 'cancelled', reason: 'not needed', error: 'stopped' },
    });
  });

  it('reports progress', async () => {
    const { id, leaseToken } = await heldTask(ann, v4());
    const report = { leaseToken, percent: 12.5, status: 'reading' };
    const { position } = await bodyOf(ann.post(`/v1/tasks/${id}/progress`, report));
    expect(await taskOf(id, position)).toMatchObject({
      ...{ status: 'running', workerId: 'w-1', progress: { percent: 12.5, status: 'reading' } },
    });
    // Reports that follow at once are passed over.
    for (const percent of [13, 14, 15])
      await bodyOf(ann.post(`/v1/tasks/${id}/progress`, { leaseToken, percent }));
    expect(await typesOf(id)).toHaveLength(3);
  });

  it('completes it, and may say so again', async () => {
    const { id, leaseToken } = await heldTask(ann, v4());
    const completion = { leaseToken, result: { pages: [1, 2] } };
    const first = await bodyOf(ann.post(`/v1/tasks/${id}/complete`, completion));
    expect(await bodyOf(ann.post(`/v1/tasks/${id}/complete`, completion))).toStrictEqual(first);
    const task = await taskOf(id, first.position);
    expect(task).toMatchObject({ status: 'completed', result: { pages: [1, 2] }, workerId: 'w-1' });
    expect(task).not.toHaveProperty('leaseExpiresAt');
    const other = ann.post(`/v1/tasks/${id}/complete`, { leaseToken, result: 3 });
    expectProblem(await other, 'lease-lost', 409);
  });

  it('fails it, and it is handed out again after a while', async () => {
    const queue = v4();
    const { id, leaseToken } = await heldTask(ann, queue);
    const failure = { leaseToken, error: 'no network', retryAfterSeconds: 3_600 };
    const failed = await bodyOf(ann.post(`/v1/tasks/${id}/fail`, failure));
    expect(await taskOf(id, failed.position)).toMatchObject({
      ...{ status: 'delayed', error: 'no network', attempts: 1, dueAt: expect.any(String) },
    });
    await bodyOf(ann.post(`/v1/tasks/${id}/retry`));
    const [again] = await claimTasks(ann, queue);
    expect(again).toMatchObject({ id, attempt: 1 });
    expectProblem(await ann.post(`/v1/tasks/${id}/heartbeat`, { leaseToken }), 'lease-lost', 409);
  });

  it('fails it for good, and it is dead until it is retried or cancelled by hand', async () => {
    const { id, leaseToken } = await heldTask(ann, v4());
    const failure = { leaseToken, error: 'no such page', retryable: false };
    const failed = await bodyOf(ann.post(`/v1/tasks/${id}/fail`, failure));
    const dead = { status: 'dead', error: 'no such page', reason: 'not-retryable' };
    expect(await taskOf(id, failed.position)).toMatchObject(dead);
    const cancelled = await bodyOf(ann.post(`/v1/tasks/${id}/cancel`));
    expect(await taskOf(id, cancelled.position)).toMatchObject({ status: 'cancelled' });
    const retried = await bodyOf(ann.post(`/v1/tasks/${id}/retry`));
    expect(await taskOf(id, retried.position)).toMatchObject({ status: 'ready', attempts: 0 });
  });
});

const said: readonly (readonly [string, object])[] = [
  ['heartbeat', {}],
  ['progress', { percent: 1 }],
  ['complete', {}],
  ['fail', { error: 'x' }],
];

describe.each(said)('a %s', (action, body) => {
  it('without the lease is refused', async () => {
    const { id } = await submitTask(ann, v4());
    const reply = await ann.post(`/v1/tasks/${id}/${action}`, { ...body, leaseToken: 'guessed' });
    expectProblem(reply, 'lease-lost', 409);
  });

  it('of a task that the caller may not see, or that is not there, finds none', async () => {
    const { id, leaseToken } = await heldTask(ann, v4());
    const say = (api: typeof ann, task: string) =>
      api.post(`/v1/tasks/${task}/${action}`, { ...body, leaseToken });
    expectProblem(await say(bob, id), 'task-not-found', 404);
    expectProblem(await say(ann, v4()), 'task-not-found', 404);
    expect((await say(admin, id)).status).toBe(200);
  });

  it('that is malformed is refused', async () => {
    const { id } = await submitTask(ann, v4());
    for (const wrong of [body, { ...body, leaseToken: '' }, { ...body, leaseToken: 'x', more: 1 }])
      expectProblem(await ann.post(`/v1/tasks/${id}/${action}`, wrong), 'bad-request', 400);
  });
});

it.each([
  ['progress', { percent: 101 }],
  ['progress', { percent: -1 }],
  ['progress', { percent: 1, status: 'x'.repeat(501) }],
  ['complete', { result: 'x'.repeat(256 * 1024) }],
  ['fail', { error: 'x'.repeat(20_001) }],
  ['fail', { error: 'x', retryAfterSeconds: 86_401 }],
  ['fail', {}],
])('a %s with values that are out of bounds is refused (%#)', async (action, body) => {
  const reply = await ann.post(`/v1/tasks/${v4()}/${action}`, { leaseToken: 'x', ...body });
  expectProblem(reply, 'bad-request', 400);
});

it('the token of a lease is told to its holder only', async () => {
  const queue = v4();
  const { id, leaseToken } = await heldTask(ann, queue);
  const stream = `/v1/streams/task-${id}`;
  const { position } = await bodyOf(ann.post(`/v1/tasks/${id}/cancel`));
  for (const path of [
    `${stream}/events`,
    `${stream}/state`,
    `/v1/tasks/${id}?after=${position}`,
    `/v1/tasks?workerId=w-1&queue=${queue}`,
  ]) {
    const { status, text } = await admin.get(path);
    expect(status).toBe(200);
    expect(text).toContain(id);
    expect(text).not.toContain(leaseToken);
  }
});
