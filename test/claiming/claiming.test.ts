import { describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import type { Written } from '../http/support/api.js';
import { expectProblem } from '../http/support/expect-problem.js';
import { eventsOf } from '../http/support/making.js';
import { running } from '../http/support/running.js';
import {
  askForTasks,
  claim,
  claimAll,
  complete,
  submit,
  submitAll,
  submitMany,
} from './support/tasks.js';

const program = running();
const ann = program.as('ann');
const bob = program.as('bob');
const root = program.as();

/** A queue that no other test uses. */
const queueOf = (): string => `mail-${newId()}`;

describe('a claim', () => {
  it('hands a task out with all that its holder needs, under a lease', async () => {
    const queue = queueOf();
    const { id } = await submit(ann, queue, { payload: { to: 'x' }, priority: 7, maxAttempts: 2 });
    const [task, ...others] = await claim(ann, queue, { leaseSeconds: 60, max: 10 });
    expect(others).toEqual([]);
    expect(task).toEqual({
      ...{ id, userId: 'ann', type: 'send', queue, priority: 7, payload: { to: 'x' } },
      ...{ attempt: 1, maxAttempts: 2, timeoutSeconds: 300, revision: 1 },
      leaseToken: expect.stringMatching(/^[\w-]{24}$/),
      leaseExpiresAt: expect.any(String),
      timesOutAt: expect.any(String),
      position: expect.any(String),
    });
    const events = await eventsOf(ann, `task-${id}`);
    expect(events.map(({ type }) => type)).toEqual(['TaskSubmitted', 'TaskClaimed']);
    const { data, position } = events[1]!;
    expect(data).toMatchObject({ workerId: 'w-1', attempt: 1, leaseSeconds: 60 });
    expect(position).toBe(task!.position);
    const { leaseExpiresAt, timesOutAt } = task!;
    expect([data.leaseExpiresAt, data.timesOutAt]).toEqual([leaseExpiresAt, timesOutAt]);
    expect(Date.parse(timesOutAt) - Date.parse(leaseExpiresAt)).toBe(240_000);
    expect(await complete(ann, task!)).toMatchObject({ id, revision: 2 });
  });

  it('gives nothing where nothing is ready', async () => {
    const queue = queueOf();
    expect(await claim(ann, queue)).toEqual([]);
    await submit(ann, queue, { notBefore: '2999-01-01T00:00:00Z' });
    expect(await claim(ann, queue)).toEqual([]);
  });

  it('gives higher priorities first, and within one whoever came first', async () => {
    const queue = queueOf();
    const ids: string[] = [];
    for (const priority of [5, 0, 9, 5, 9, 0, 5])
      ids.push((await submit(ann, queue, { priority })).id);
    const claimed = await claimAll(ann, queue);
    expect(claimed.map(({ id }) => ids.indexOf(id))).toEqual([2, 4, 0, 3, 6, 1, 5]);
  });

  it('keeps the order of many tasks, of which it holds only the first in memory', async () => {
    const queue = queueOf();
    // The thousand foremost are kept once they are more than two thousand.
    const low = await submitAll(ann, queue, 2_200, { priority: 1, timeoutSeconds: 3_600 });
    const high = await submitAll(ann, queue, 600, { priority: 2, timeoutSeconds: 3_600 });
    const inOrder = (tasks: readonly Written[]): readonly string[] =>
      [...tasks].sort((a, b) => Number(a.position) - Number(b.position)).map(({ id }) => id);
    const claimed = await claimAll(ann, queue, { max: 100, leaseSeconds: 3_600 });
    expect(claimed.map(({ id }) => id)).toEqual([...inOrder(high), ...inOrder(low)]);
  }, 240_000);

  it('gives each task to one of many who ask at the same time', async () => {
    const queue = queueOf();
    const ids = await submitMany(ann, queue, 400, { timeoutSeconds: 3_600 });
    const claimed = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        claimAll(ann, queue, { max: 1 + (n % 7), workerId: `w-${n}`, leaseSeconds: 3_600 }),
      ),
    );
    const handedOut = claimed.flat().map(({ id }) => id);
    expect([...handedOut].sort()).toEqual([...ids].sort());
  });

  it('gives users their own tasks, and administrators those of everybody', async () => {
    const queue = queueOf();
    const mine = await submit(ann, queue);
    const his = await submit(bob, queue);
    expect(await claim(program.as('eve'), queue, { max: 9 })).toEqual([]);
    expect((await claim(bob, queue, { max: 9 })).map(({ id }) => id)).toEqual([his.id]);
    const more = await submit(bob, queue);
    const all = await claim(root, queue, { max: 9 });
    expect(all.map(({ id, userId }) => [id, userId])).toEqual([
      [mine.id, 'ann'],
      [more.id, 'bob'],
    ]);
  });

  it('gives a task again that was retried, at the end of its priority', async () => {
    const queue = queueOf();
    const first = await submit(ann, queue);
    await ann.post(`/v1/tasks/${first.id}/cancel`);
    const second = await submit(ann, queue);
    expect(await claim(ann, `${queue}`)).toMatchObject([{ id: second.id }]);
    await ann.post(`/v1/tasks/${first.id}/retry`);
    expect(await claim(ann, queue)).toMatchObject([{ id: first.id, attempt: 1, revision: 3 }]);
  });

  it('does not give what was cancelled', async () => {
    const queue = queueOf();
    expect(await claim(ann, queue)).toEqual([]);
    const cancelled = await submit(ann, queue);
    const kept = await submit(ann, queue);
    await ann.post(`/v1/tasks/${cancelled.id}/cancel`);
    expect(await claim(ann, queue, { max: 10, waitSeconds: 30 })).toMatchObject([{ id: kept.id }]);
  });

  it('gives large tasks whole', async () => {
    const queue = queueOf();
    const payload = { text: 'a'.repeat(100_000) };
    await submit(ann, queue, { payload });
    const [task] = await claim(ann, queue);
    expect(task?.payload).toHaveProperty('text.length', payload.text.length);
  });

  it('finds what was submitted just before, in a queue that nobody has asked for yet', async () => {
    for (let n = 0; n < 20; n += 1) {
      const queue = queueOf();
      const { id } = await submit(ann, queue);
      expect(await claim(ann, queue)).toMatchObject([{ id }]);
    }
  });

  it('goes on with what there was before a restart', async () => {
    const queue = queueOf();
    const { id } = await submit(ann, queue);
    await program.restart();
    expect(await claim(ann, queue)).toMatchObject([{ id }]);
    expect(await claim(ann, queue)).toEqual([]);
  });
});

describe('a claim of many queues', () => {
  it('takes from every queue whose name begins so, highest priority first', async () => {
    const group = newId();
    const named = (name: string) => `${group}.${name}`;
    const b = await submit(ann, named('b'), { priority: 3 });
    const a = await submit(ann, named('a'), { priority: 3 });
    const c = await submit(ann, named('c'), { priority: 8 });
    await submit(ann, `x${group}`, { priority: 9 });
    await submit(bob, named('a'), { priority: 9 });
    const claimed = await claim(ann, named('*'), { max: 10 });
    expect(claimed.map(({ id }) => id)).toEqual([c.id, b.id, a.id]);
    const fresh = await submit(ann, named('later'));
    expect(await claim(ann, named('*'), { waitSeconds: 30 })).toMatchObject([{ id: fresh.id }]);
  });

  it('takes from all queues when only a * is given', async () => {
    const eve = program.as(`eve-${newId()}`);
    const one = await submit(eve, queueOf());
    const two = await submit(eve, queueOf(), { priority: 9 });
    expect((await claim(eve, '*', { max: 9 })).map(({ id }) => id)).toEqual([two.id, one.id]);
  });
});

describe('a claim that is malformed', () => {
  it.each([
    ['no worker', 'mail', { workerId: undefined }],
    ['an asterisk within the name', 'ma*il', {}],
    ['none at all', 'mail', { max: 0 }],
    ['too many', 'mail', { max: 101 }],
    ['too long a wait', 'mail', { waitSeconds: 31 }],
    ['no lease', 'mail', { leaseSeconds: 0 }],
    ['too long a lease', 'mail', { leaseSeconds: 3_601 }],
    ['a field nobody knows', 'mail', { maximum: 3 }],
  ])('is refused: %s', async (_, queue, fields) => {
    expectProblem(await askForTasks(ann, queue, fields), 'bad-request', 400);
  });
});
