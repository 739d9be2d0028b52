import { expect, it } from '@jest/globals';
import { ForklineClient, type WorkerNews } from '../../src/client/node-client.js';
import { removeFolder, startProgram, temporaryFolder } from '../support/program.js';

const count = 60;

it('does every task although the server is killed while it works, again and again', async () => {
  let program = await startProgram(await temporaryFolder());
  const { dataDir, url } = program;
  const client = new ForklineClient({ url });
  const { items } = await client.tasks.submitMany(
    Array.from({ length: count }, (_, n) => ({
      ...{ type: 'square', queue: 'squares', payload: n, maxAttempts: 20 },
    })),
  );
  expect(items.map(({ status }) => status)).toEqual(Array(count).fill(201));

  const stopping = new AbortController();
  let completed = 0;
  let wake = () => {};
  const onNews = ({ type }: WorkerNews) => {
    if (type === 'completed') completed += 1;
    wake();
  };
  const working = client.workers.run(
    {
      ...{ id: 'squarer', queues: ['squares'], concurrency: 4, leaseSeconds: 2, onNews },
      signal: stopping.signal,
    },
    async ({ payload }) => Number(payload) ** 2,
  );
  const done = async (most: number): Promise<void> => {
    while (completed < most)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  for (const most of [15, 30, 45]) {
    await done(most);
    await program.kill();
    program = await startProgram(dataDir, { PORT: new URL(url).port });
  }
  // One whose answer got lost may be done again, and is not counted here.
  const unfinished = async () => {
    const { ready, delayed, running, completed } = await client.queues.get('squares');
    return ready + delayed + running > 0 || completed < count;
  };
  const progress = client.feed.subscribe({ types: ['TaskCompleted'] }, { from: 'start' });
  let seen = 0;
  for await (const _ of progress) {
    seen += 1;
    if (seen === count) break;
  }
  stopping.abort();
  const { lost, failed } = await working;
  expect({ failed }).toEqual({ failed: 0 });
  expect(lost).toBeLessThan(count);
  while (await unfinished());
  for await (const { id } of client.tasks.each({ queue: 'squares' })) {
    const { status, payload, result } = await client.tasks.get(id);
    expect({ status, result }).toEqual({ status: 'completed', result: Number(payload) ** 2 });
  }
  expect(await program.stop()).toBe(0);
  await removeFolder(dataDir);
}, 180_000);
