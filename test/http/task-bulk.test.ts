import { describe, expect, it } from '@jest/globals';
import { v4 } from 'uuid';
import type { Written } from './support/api.js';
import { bodyOf, createSession, everyItem } from './support/making.js';
import { running } from './support/running.js';
import { claimTasks, submitTask } from './support/tasks.js';

type Bulk = Readonly<{
  items: readonly Readonly<{ status: number; body: Written & { code?: string } }>[];
}>;

const server = running();
const ann = server.as('ann');
const bob = server.as('bob');
const statusesOf = ({ items }: Bulk) => items.map(({ status }) => status);

describe('submitting many tasks at once', () => {
  it('makes each of them, in their order', async () => {
    const queue = v4();
    const asked = Array.from({ length: 500 }, (_, n) => ({ type: 't', queue, payload: n }));
    const { status, body } = await ann.post<Bulk>('/v1/tasks', asked);
    expect(status).toBe(200);
    expect(new Set(statusesOf(body))).toEqual(new Set([201]));
    const ids = body.items.map(({ body: { id } }) => id);
    expect([...ids].sort()).toEqual(ids);
    const after = Math.max(...body.items.map(({ body: { position } }) => Number(position)));
    const listed = await everyItem<{ id: string }>(
      ann,
      `/v1/tasks?queue=${queue}&limit=500&after=${after}`,
    );
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(ids));
    const nth = await bodyOf(ann.get(`/v1/tasks/${ids[123]}`));
    expect(nth).toMatchObject({ payload: 123 });
  });

  it('says of each what came of it: a refusal is no matter of the others', async () => {
    const session = await createSession(ann);
    const foreign = await createSession(bob);
    const taken = await submitTask(ann, v4());
    const task = { type: 't', queue: v4() };
    const { status, body } = await ann.post<Bulk>('/v1/tasks', [
      task,
      { ...task, id: taken.id },
      { ...task, sessionId: session.id },
      { ...task, sessionId: foreign.id },
      { ...task, executionId: v4() },
      task,
    ]);
    expect(status).toBe(200);
    expect(statusesOf(body)).toEqual([201, 409, 201, 404, 404, 201]);
    expect(body.items.map(({ body: { code } }) => code)).toEqual([
      ...[undefined, 'task-already-exists', undefined],
      ...['session-not-found', 'execution-not-found', undefined],
    ]);
  });

  it('under an idempotency key makes each of them once, also where the answer was lost', async () => {
    const key = { 'Idempotency-Key': v4() };
    const queue = v4();
    const asked = [1, 2, 3].map((payload) => ({ type: 't', queue, payload }));
    // Both are under way at once: which of them is carried out does not matter.
    const [first, other] = await Promise.all([
      ann.post<Bulk>('/v1/tasks', asked, key),
      ann.post<Bulk>('/v1/tasks', asked, key),
    ]);
    await server.crash();
    const again = await ann.post<Bulk>('/v1/tasks', asked, key);
    expect(statusesOf(first.body)).toEqual([201, 201, 201]);
    expect(other.body).toStrictEqual(first.body);
    expect(again.body).toStrictEqual(first.body);
    const after = first.body.items.at(-1)?.body.position;
    const listed = await everyItem(ann, `/v1/tasks?queue=${queue}&after=${after}`);
    expect(listed).toHaveLength(3);
  });

  it('under an idempotency key makes each of them once, cut off in the middle by a crash', async () => {
    const key = { 'Idempotency-Key': v4() };
    const queue = v4();
    const asked = Array.from({ length: 500 }, (_, payload) => ({ type: 't', queue, payload }));
    const first = ann.post<Bulk>('/v1/tasks', asked, key).catch(() => undefined);
    // Once some of them are there, and hardly all of them.
    while ((await everyItem(ann, `/v1/tasks?queue=${queue}&limit=1`)).length === 0);
    await server.crash();
    await first;
    const again = await ann.post<Bulk>('/v1/tasks', asked, key);
    expect(new Set(statusesOf(again.body))).toEqual(new Set([201]));
    const after = Math.max(...again.body.items.map(({ body }) => Number(body.position)));
    const listed = await everyItem<{ id: string }>(
      ann,
      `/v1/tasks?queue=${queue}&limit=500&after=${after}`,
    );
    expect(listed.map(({ id }) => id).sort()).toEqual(again.body.items.map(({ body }) => body.id));
  });

  it('of the same id makes it once', async () => {
    const task = { id: v4(), type: 't', queue: v4() };
    const { body } = await ann.post<Bulk>('/v1/tasks', [task, task, { ...task, priority: 1 }]);
    expect(statusesOf(body)).toEqual([201, 201, 409]);
  });
});

describe('completing many tasks at once', () => {
  it('says of each what came of it', async () => {
    const queue = v4();
    for (const payload of [1, 2, 3]) await submitTask(ann, queue, { payload });
    const held = await claimTasks(ann, queue, { max: 3 });
    expect(held).toHaveLength(3);
    const items = [
      ...held.map(({ id, leaseToken, payload }) => ({ id, leaseToken, result: payload })),
      { ...{ id: v4(), leaseToken: 'x' } },
      { id: held[0]?.id, leaseToken: 'guessed' },
    ];
    const { status, body } = await ann.post<Bulk>('/v1/tasks/complete', { items });
    expect(status).toBe(200);
    expect(statusesOf(body)).toEqual([200, 200, 200, 404, 409]);
    expect(body.items.slice(3).map(({ body: { code } }) => code)).toEqual([
      ...['task-not-found', 'lease-lost'],
    ]);
    expect((await ann.post<Bulk>('/v1/tasks/complete', { items })).body.items[0]).toStrictEqual(
      body.items[0],
    );
    expect(statusesOf((await bob.post<Bulk>('/v1/tasks/complete', { items })).body)).toEqual([
      ...[404, 404, 404, 404, 404],
    ]);
  });

  it('takes 500 at most, and one at least', async () => {
    for (const length of [0, 501]) {
      const items = Array.from({ length }, () => ({ id: v4(), leaseToken: 'x' }));
      expect((await ann.post('/v1/tasks/complete', { items })).status).toBe(400);
    }
  });
});
