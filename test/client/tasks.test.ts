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

  it('are in queues, which are listed by name', async () => {
    const { position } = await client.tasks.submit({ type: 't', queue: 'zz' });
    const names: string[] = [];
    for await (const { queue } of client.queues.each({ limit: 1 }, { after: position }))
      names.push(queue);
    expect(names).toContain('zz');
    expect(names).toEqual([...names].sort());
  });
});
