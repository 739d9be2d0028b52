import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';

let program: Program;
let client: ForklineClient;

beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

/** A client of which it is known what it has asked for, and how many there were in each bulk. */
const observed = () => {
  const calls: string[] = [];
  const client = new ForklineClient({
    url: program.url,
    fetch: (input, init) => {
      const { pathname } = new URL(String(input));
      const body = JSON.parse(String(init?.body ?? 'null'));
      const items = Array.isArray(body) ? body : body?.items;
      calls.push(
        items ? `${pathname} of ${items.length}` : pathname.replace(/[0-9a-f-]{36}/, ':id'),
      );
      return fetch(input, init);
    },
  });
  return { client, calls };
};

const idsOf = async (items: AsyncIterable<{ id: string }>): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { id } of items) ids.push(id);
  return ids;
};

describe('tasks over the client', () => {
  it('go from their submission to their completion', async () => {
    const { id } = await client.tasks.submit({ type: 't', queue: 'one', payload: { n: 1 } });
    const { items } = await client.queues.claim('one', { workerId: 'w', waitSeconds: 10 });
    expect(items).toMatchObject([{ id, payload: { n: 1 }, attempt: 1 }]);
    const { leaseToken, leaseExpiresAt } = items[0]!;
    expect(await client.tasks.heartbeat(id, { leaseToken })).toEqual({
      ...{ leaseExpiresAt, cancelRequested: false },
    });
    await client.tasks.progress(id, { leaseToken, percent: 50, status: 'half way' });
    const { position, claimed } = await client.tasks.complete(id, {
      ...{ leaseToken, result: [1, 2] },
      claim: { queue: 'one' },
    });
    expect(claimed).toEqual({ items: [] });
    expect(await client.tasks.get(id, { after: position })).toMatchObject({
      ...{ status: 'completed', result: [1, 2], progress: { percent: 50 } },
    });
    expect(await client.queues.get('one', { after: position })).toMatchObject({ completed: 1 });
    await expect(client.tasks.heartbeat(id, { leaseToken })).rejects.toMatchObject({
      ...{ status: 409, code: 'lease-lost' },
    });
  });

  it('fail, are retried, and are cancelled', async () => {
    const { id } = await client.tasks.submit({ type: 't', queue: 'two' });
    const { items } = await client.queues.claim('two', { workerId: 'w', waitSeconds: 10 });
    const { leaseToken } = items[0]!;
    await client.tasks.fail(id, { leaseToken, error: 'no', retryable: false });
    const retried = await client.tasks.retry(id);
    expect(await client.tasks.get(id, { after: retried.position })).toMatchObject({
      status: 'ready',
    });
    const cancelled = await client.tasks.cancel(id, { reason: 'not needed' });
    expect(await client.tasks.get(id, { after: cancelled.position })).toMatchObject({
      ...{ status: 'cancelled', reason: 'not needed' },
    });
  });

  it('are submitted, listed and completed many at once', async () => {
    const tasks = [1, 2, 3].map((payload) => ({ type: 't', queue: 'many', payload }));
    const submitted = await client.tasks.submitMany(tasks);
    expect(submitted.items.map(({ status }) => status)).toEqual([201, 201, 201]);
    const after = (submitted.items.at(-1)!.body as { position: string }).position;
    const listed = await idsOf(client.tasks.each({ queue: 'many', limit: 2 }, { after }));
    expect(listed).toHaveLength(3);
    const held = await client.queues.claim('many', { workerId: 'w', max: 3, waitSeconds: 10 });
    const items = held.items.map(({ id, leaseToken }) => ({ id, leaseToken }));
    const completed = await client.tasks.completeMany({ items });
    expect(completed.items.map(({ status }) => status)).toEqual(items.map(() => 200));
  });

  it('are sent together when they are submitted together, and refused each for itself', async () => {
    const { client, calls } = observed();
    const tasks = [1, 2, 3].map((payload) => ({ type: 't', queue: 'together', payload }));
    const ids = (await Promise.all(tasks.map((task) => client.tasks.submit(task)))).map(
      ({ id }) => id,
    );
    expect(new Set(ids).size).toBe(3);
    expect(calls).toEqual(['/v1/tasks of 3']);
    const [first] = ids;
    const outcomes = await Promise.allSettled([
      client.tasks.submit({ type: 't', queue: 'together', payload: 1, id: first! }),
      client.tasks.submit({ type: 't', queue: 'together', payload: 2, id: first! }),
      client.tasks.submit({ type: 't', queue: 'together', sessionId: ids[1]! }),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { id: first, revision: 0 } },
      { status: 'rejected', reason: { status: 409, code: 'task-already-exists' } },
      { status: 'rejected', reason: { status: 404, code: 'session-not-found' } },
    ]);
    expect(calls.slice(1)).toEqual(['/v1/tasks of 3']);
    const [, malformed] = await Promise.allSettled([
      client.tasks.submit({ type: 't', queue: 'together' }),
      client.tasks.submit({ type: 't', queue: 'not*' }),
    ]);
    expect(malformed).toMatchObject({ status: 'rejected', reason: { status: 400 } });
    expect(calls.slice(2)).toEqual(['/v1/tasks of 2', '/v1/tasks', '/v1/tasks']);
    const { items } = await client.queues.claim('together', { workerId: 'w', max: 9 });
    expect(items.map(({ payload }) => payload)).toEqual(expect.arrayContaining([1, 2, 3, null]));
    expect(items).toHaveLength(4);
  });

  it('are completed together by a worker that finishes them together', async () => {
    const { client, calls } = observed();
    const tasks = Array.from({ length: 6 }, (_, payload) => ({
      type: 't',
      queue: 'worked',
      payload,
    }));
    await client.tasks.submitMany(tasks);
    calls.length = 0;
    let begun = 0;
    let goOn = () => {};
    const allBegun = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const done = await client.workers.run(
      { id: 'together', queues: ['worked'], concurrency: 6, maxTasks: 6 },
      async ({ payload }) => {
        begun += 1;
        if (begun === 6) goOn();
        await allBegun;
        return payload === 3 ? 'x'.repeat(270_000) : payload;
      },
    );
    expect(done).toEqual({ completed: 5, failed: 1, lost: 0 });
    expect(calls).toContainEqual(expect.stringMatching(/^.v1.tasks.complete of [2-6]$/));
    const { position = '0' } = client;
    const failed = await idsOf(
      client.tasks.each({ queue: 'worked', status: 'dead' }, { after: position }),
    );
    expect(failed).toHaveLength(1);
  });

  it('are in queues, which are listed by name', async () => {
    const { position } = await client.tasks.submit({ type: 't', queue: 'zz' });
    const names: string[] = [];
    for await (const { queue } of client.queues.each({ limit: 1 }, { after: position }))
      names.push(queue);
    expect(names).toContain('zz');
    expect(names).toEqual([...names].sort());
  });
});
