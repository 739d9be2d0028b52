import { describe, expect, it } from '@jest/globals';
import { v4 } from 'uuid';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, everyItem, startExecution } from './support/making.js';
import { sharing } from './support/running.js';
import { submitTask } from './support/tasks.js';

type Item = Readonly<{ id: string; status: string; sessionId?: string }>;

const server = sharing();
const ann = server.as('ann');
const bob = server.as('bob');
const admin = server.as();
const taskOf = (id: string, after: string) =>
  bodyOf(ann.get<Item>(`/v1/tasks/${id}?after=${after}`));

describe('submitting a task', () => {
  it('answers with its place, and gives what was left out its default', async () => {
    const id = v4();
    const { status, headers, body } = await ann.post('/v1/tasks', { id, type: 't', queue: 'q' });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/tasks/${id}`);
    expect(headers.get('etag')).toBe('"0"');
    expect(body).toMatchObject({ id, stream: `task-${id}`, revision: 0 });
    expect(await taskOf(id, body.position)).toStrictEqual({
      ...{ id, userId: 'ann', type: 't', queue: 'q', priority: 5, payload: null },
      ...{ maxAttempts: 3, timeoutSeconds: 300, status: 'ready', attempts: 0 },
      ...{ cancelRequested: false, revision: 0 },
      readyAt: expect.any(String),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  it('delays it until a time, whatever the offset that is given in', async () => {
    const { id, position } = await submitTask(ann, 'q', { notBefore: '2999-01-01T02:00:00+02:00' });
    expect(await taskOf(id, position)).toMatchObject({
      ...{ status: 'delayed', dueAt: '2999-01-01T00:00:00.000Z' },
    });
  });

  it('delays it for no time that has passed', async () => {
    const { id, position } = await submitTask(ann, 'q', { notBefore: '1999-01-01T00:00:00Z' });
    expect(await taskOf(id, position)).toMatchObject({ status: 'ready' });
  });

  it('again under the same id is the same task; another one is refused, whoever asks', async () => {
    const id = v4();
    const first = await submitTask(ann, 'q', { id, payload: { a: 1 } });
    expect(await submitTask(ann, 'q', { id, payload: { a: 1 } })).toStrictEqual(first);
    for (const api of [ann, bob]) {
      const again = api.post('/v1/tasks', { id, type: 'summarise', queue: 'q', payload: 2 });
      expectProblem(await again, 'task-already-exists', 409);
    }
    expect(await eventsOf(ann, `task-${id}`)).toHaveLength(1);
  });

  it('gives it to whom the session or the execution belongs, and the session of the latter', async () => {
    const session = await createSession(ann);
    const run = await startExecution(ann, { sessionId: session.id });
    const { id, position } = await submitTask(admin, 'q', { executionId: run.id });
    expect(await taskOf(id, position)).toMatchObject({
      ...{ userId: 'ann', sessionId: session.id, executionId: run.id },
    });
  });

  it("refuses what the caller may not see, and a session that is not the execution's", async () => {
    const session = await createSession(ann);
    const run = await startExecution(ann, { sessionId: session.id });
    const other = await createSession(ann);
    const asked = { type: 't', queue: 'q' };
    const post = (api: typeof ann, fields: object) =>
      api.post('/v1/tasks', { ...asked, ...fields });
    expectProblem(await post(bob, { sessionId: session.id }), 'session-not-found', 404);
    expectProblem(await post(ann, { sessionId: v4() }), 'session-not-found', 404);
    expectProblem(await post(bob, { executionId: run.id }), 'execution-not-found', 404);
    const { errors } = expectProblem(
      await post(ann, { executionId: run.id, sessionId: other.id }),
      'bad-request',
      400,
    );
    expect(errors).toEqual([{ path: 'sessionId', message: 'is not that of the execution' }]);
  });

  it('is made good by its idempotency key', async () => {
    const key = { 'Idempotency-Key': v4() };
    const asked = { type: 't', queue: 'q' };
    const first = await ann.post('/v1/tasks', asked, key);
    const again = await ann.post('/v1/tasks', asked, key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toStrictEqual(first.body);
    const other = await ann.post('/v1/tasks', { ...asked, type: 'u' }, key);
    expectProblem(other, 'idempotency-key-reused', 422);
  });

  it.each([
    [{ queue: 'q' }, 'type'],
    [{ type: 't' }, 'queue'],
    [{ type: 't', queue: '' }, 'queue'],
    [{ type: 't', queue: 'many*' }, 'queue'],
    [{ type: 't', queue: 'a\u0000b' }, 'queue'],
    [{ type: 't', queue: '.' }, 'queue'],
    [{ type: 't', queue: '..' }, 'queue'],
    [{ type: 't', queue: 'q', notBefore: '9999-12-31T23:59:59-01:00' }, 'notBefore'],
    [{ type: 't', queue: 'q', priority: 10 }, 'priority'],
    [{ type: 't', queue: 'q', priority: 0.5 }, 'priority'],
    [{ type: 't', queue: 'q', maxAttempts: 0 }, 'maxAttempts'],
    [{ type: 't', queue: 'q', maxAttempts: 101 }, 'maxAttempts'],
    [{ type: 't', queue: 'q', timeoutSeconds: 0 }, 'timeoutSeconds'],
    [{ type: 't', queue: 'q', timeoutSeconds: 86_401 }, 'timeoutSeconds'],
    [{ type: 't', queue: 'q', notBefore: 'tomorrow' }, 'notBefore'],
    [{ type: 't', queue: 'q', sessionId: 'mine' }, 'sessionId'],
    [{ type: 't', queue: 'q', payload: 'x'.repeat(256 * 1024) }, 'payload'],
    [{ type: 't', queue: 'q', colour: 'red' }, 'colour'],
    [
      [
        { type: 't', queue: 'q' },
        { type: 't', queue: 'q', priority: -1 },
      ],
      '1.priority',
    ],
  ])('refuses %#, and says where it is malformed', async (body, path) => {
    const { errors } = expectProblem(await ann.post('/v1/tasks', body), 'bad-request', 400);
    expect(errors?.map((error) => error.path)).toEqual([path]);
  });

  it.each([
    [[]],
    [Array.from({ length: 501 }, () => ({ type: 't', queue: 'q' }))],
    ['task'],
    [null],
  ])('refuses what is neither a task nor up to 500 of them (%#)', async (body) => {
    expectProblem(await ann.post('/v1/tasks', body), 'bad-request', 400);
  });
});

describe('a list of tasks', () => {
  it('has the newest first, page by page, and neither payloads nor results', async () => {
    const queue = v4();
    const made = [];
    for (const priority of [1, 9, 5]) made.push(await submitTask(ann, queue, { priority }));
    const after = made.at(-1)?.position;
    const items = await everyItem<Item>(ann, `/v1/tasks?queue=${queue}&limit=2&after=${after}`);
    expect(items.map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse());
    for (const item of items) expect(item).not.toHaveProperty('payload');
  });

  it('is narrowed down by queue, status, type and session', async () => {
    const session = await createSession(ann);
    const queue = v4();
    const later = { notBefore: '2999-01-01T00:00:00Z' };
    const inSession = await submitTask(ann, queue, { sessionId: session.id });
    const other = await submitTask(ann, queue, { type: 'translate' });
    const delayed = await submitTask(ann, queue, later);
    const idsOf = async (query: string) =>
      (
        await everyItem<Item>(ann, `/v1/tasks?queue=${queue}&${query}&after=${delayed.position}`)
      ).map(({ id }) => id);
    expect(await idsOf(`sessionId=${session.id}`)).toEqual([inSession.id]);
    expect(await idsOf('type=translate')).toEqual([other.id]);
    expect(await idsOf('status=delayed')).toEqual([delayed.id]);
    expect(await idsOf('status=dead')).toEqual([]);
    expect(await idsOf('workerId=nobody')).toEqual([]);
  });

  it("has nobody else's, but for administrators", async () => {
    const queue = v4();
    const { id, position } = await submitTask(ann, queue);
    const listed = async (api: typeof ann) =>
      (await everyItem<Item>(api, `/v1/tasks?queue=${queue}&after=${position}`)).map(
        (item) => item.id,
      );
    expect(await listed(bob)).toEqual([]);
    expect(await listed(admin)).toEqual([id]);
    expectProblem(await bob.get(`/v1/tasks/${id}`), 'task-not-found', 404);
  });

  it.each(['status=lost', 'sessionId=x', 'queue=a*', 'colour=red', 'cursor=x'])(
    'is refused for %s',
    async (query) => {
      expectProblem(await ann.get(`/v1/tasks?${query}`), 'bad-request', 400);
    },
  );
});

describe('cancelling and retrying a task that nobody has', () => {
  it('takes it out of its queue, and puts it back', async () => {
    const { id } = await submitTask(ann, v4());
    const cancelled = await bodyOf(ann.post(`/v1/tasks/${id}/cancel`, { reason: 'not needed' }));
    expect(await taskOf(id, cancelled.position)).toMatchObject({
      ...{ status: 'cancelled', reason: 'not needed', finishedAt: expect.any(String) },
    });
    const retried = await bodyOf(ann.post(`/v1/tasks/${id}/retry`));
    expect(retried.revision).toBe(2);
    const task = await taskOf(id, retried.position);
    expect(task).toMatchObject({ status: 'ready' });
    expect(task).not.toHaveProperty('reason');
  });

  it('is not there for others', async () => {
    const { id } = await submitTask(ann, 'q');
    for (const action of ['cancel', 'retry'])
      expectProblem(await bob.post(`/v1/tasks/${id}/${action}`), 'task-not-found', 404);
    expectProblem(await ann.post(`/v1/tasks/${v4()}/cancel`), 'task-not-found', 404);
  });
});
