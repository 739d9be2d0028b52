import { describe, expect, it } from '@jest/globals';
import { v4 } from 'uuid';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, everyItem, forkOf } from './support/making.js';
import { sharing } from './support/running.js';
import { claimTasks, heldTask, submitTask } from './support/tasks.js';

type Queue = Readonly<{ queue: string; oldestReady: unknown }> & Readonly<Record<string, number>>;

const server = sharing();
const ann = server.as('ann');
const bob = server.as('bob');
const admin = server.as();
const queueOf = (api: typeof ann, queue: string, after: string): Promise<Queue> =>
  bodyOf(api.get<Queue>(`/v1/queues/${encodeURIComponent(queue)}?after=${after}`));
const nothing = {
  ...{ ready: 0, delayed: 0, running: 0, completed: 0, failed: 0, dead: 0, cancelled: 0 },
  ...{ rate: 0, oldestReady: null },
};

describe('the numbers of a queue', () => {
  it('follow its tasks', async () => {
    const queue = `agents/${v4()} one`;
    const first = await submitTask(ann, queue, { priority: 1 });
    await submitTask(ann, queue, { priority: 9 });
    const last = await submitTask(ann, queue, { notBefore: '2999-01-01T00:00:00Z' });
    expect(await queueOf(ann, queue, last.position)).toEqual({
      ...{ ...nothing, queue, ready: 2, delayed: 1 },
      oldestReady: {
        id: first.id,
        readyAt: expect.any(String),
        ageSeconds: expect.any(Number),
      },
    });

    const [done] = await claimTasks(ann, queue);
    const completed = await bodyOf(
      ann.post(`/v1/tasks/${done?.id}/complete`, { leaseToken: done?.leaseToken }),
    );
    expect(await queueOf(ann, queue, completed.position)).toMatchObject({
      ...{ ready: 1, running: 0, completed: 1, delayed: 1, rate: 0.2 },
    });

    const [lost] = await claimTasks(ann, queue);
    const { leaseToken } = lost!;
    const failed = await bodyOf(
      ann.post(`/v1/tasks/${lost?.id}/fail`, { leaseToken, error: 'x', retryable: false }),
    );
    expect(await queueOf(ann, queue, failed.position)).toMatchObject({
      ...{ ready: 0, running: 0, dead: 1, failed: 1, oldestReady: null },
    });
    const cancelled = await bodyOf(ann.post(`/v1/tasks/${lost?.id}/cancel`));
    expect(await queueOf(ann, queue, cancelled.position)).toMatchObject({
      ...{ dead: 0, cancelled: 1, completed: 1 },
    });
  });

  it("are those of the caller's tasks; administrators see everybody's", async () => {
    const queue = v4();
    await submitTask(ann, queue);
    const { position } = await submitTask(bob, queue);
    expect(await queueOf(bob, queue, position)).toMatchObject({ ready: 1 });
    expect(await queueOf(admin, queue, position)).toMatchObject({ ready: 2 });
    const eve = server.as('eve');
    expect(await queueOf(eve, queue, position)).toEqual({ ...nothing, queue });
  });

  it('know nothing of a fork before it is put to work', async () => {
    const queue = v4();
    const { id } = await submitTask(ann, queue);
    const fork = await forkOf(ann, `task-${id}`, 0);
    expect(await queueOf(ann, queue, fork.position)).toMatchObject({ ready: 1, cancelled: 0 });
    expect(await bodyOf(ann.get(`/v1/tasks/${fork.id}`))).toMatchObject({
      ...{ status: 'cancelled', inert: true, forkedFrom: { stream: `task-${id}`, revision: 0 } },
    });
    const retried = await bodyOf(ann.post(`/v1/tasks/${fork.id}/retry`));
    expect(await queueOf(ann, queue, retried.position)).toMatchObject({ ready: 2 });
    const ids = (await claimTasks(ann, queue, { max: 2 })).map((task) => task.id);
    expect(new Set(ids)).toEqual(new Set([id, fork.id]));
  });

  it('count a fork that is amended to be worked on', async () => {
    const queue = v4();
    const { id } = await submitTask(ann, queue);
    const fork = await forkOf(ann, `task-${id}`, 0, { amendments: [{ type: 'RetryTask' }] });
    expect(await queueOf(ann, queue, fork.position)).toMatchObject({ ready: 2 });
  });
});

describe('the list of queues', () => {
  it('has them by name, page by page, each once', async () => {
    const user = server.as('carl');
    const names = ['b', 'a', 'c'].map((letter) => `${letter}-${v4()}`);
    for (const queue of names) await submitTask(user, queue);
    const { position } = await submitTask(ann, names[0]!);
    const mine = await everyItem<Queue>(user, `/v1/queues?limit=2&after=${position}`);
    expect(mine.map(({ queue }) => queue)).toEqual([...names].sort());
    const all = await everyItem<Queue>(admin, `/v1/queues?limit=2&after=${position}`);
    const listed = all.map(({ queue }) => queue);
    expect(listed).toEqual([...new Set(listed)].sort());
    expect(all.find(({ queue }) => queue === names[0])).toMatchObject({ ready: 2 });
  });

  it.each(['/v1/queues?cursor=x', '/v1/queues?limit=0', '/v1/queues/a%2A', '/v1/queues?q=1'])(
    'refuses %s',
    async (path) => {
      expectProblem(await ann.get(path), 'bad-request', 400);
    },
  );
});

describe('deleting a session for good', () => {
  it('takes its tasks along, whatever became of them, and leaves the numbers right', async () => {
    const session = await createSession(ann);
    const inSession = { sessionId: session.id };
    const queue = v4();
    const held = await heldTask(ann, queue, inSession);
    const dead = await heldTask(ann, queue, inSession);
    const failure = { leaseToken: dead.leaseToken, error: 'x', retryable: false };
    await bodyOf(ann.post(`/v1/tasks/${dead.id}/fail`, failure));
    const ready = await submitTask(ann, queue, inSession);
    const delayed = { ...inSession, notBefore: '2999-01-01T00:00:00Z' };
    await submitTask(ann, queue, delayed);
    const stays = await submitTask(ann, queue);
    await forkOf(ann, ready.stream, 0);

    const deleted = await bodyOf(ann.delete(`/v1/sessions/${session.id}?hard=true`));
    expect(await queueOf(ann, queue, deleted.position)).toMatchObject({
      ...{ ready: 1, delayed: 0, running: 0, dead: 0, cancelled: 4 },
      oldestReady: { id: stays.id },
    });
    const left = await everyItem<{ id: string }>(ann, `/v1/tasks?queue=${queue}`);
    expect(left.map(({ id }) => id)).toEqual([stays.id]);
    const complete = ann.post(`/v1/tasks/${held.id}/complete`, { leaseToken: held.leaseToken });
    expectProblem(await complete, 'task-not-found', 404);
    expectProblem(await ann.get(`/v1/streams/${ready.stream}/events`), 'task-not-found', 404);
    const late = ann.post('/v1/tasks', { type: 't', queue, sessionId: session.id });
    expectProblem(await late, 'session-not-found', 404);
  });
});
