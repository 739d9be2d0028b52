import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent, START } from '@eventstore/db-client';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { startServerThread } from '../../../src/embedded/server-thread.js';

// Prints how fast the server is beside one that does nothing, on the same stubs, in the same run.
// node dist/test/bench/eventstore/against-null.js [rounds]

const roundCount = Number(process.argv[2] ?? 5);
const appendCount = 2_000;
const readSize = 20_000;
const bytesOfData = 200;

type Measure = Readonly<{
  name: string;
  /** How many of what is counted one run does. */
  count: number;
  run: (client: EventStoreDBClient, round: number) => Promise<void>;
}>;

const event = () => jsonEvent({ type: 'Measured', data: { text: 'x'.repeat(bytesOfData) } });

const appendInFlight = (inFlight: number, count: number): Measure => ({
  name: `appends, ${inFlight} in flight`,
  count,
  run: async (client, round) => {
    let left = count;
    const writer = async (stream: string) => {
      while (left-- > 0) await client.appendToStream(stream, [event()]);
    };
    await Promise.all(
      Array.from({ length: inFlight }, (_, n) => writer(`bench${inFlight}-${round}x${n}`)),
    );
  },
});

const drained = (client: EventStoreDBClient): Promise<void> =>
  new Promise((resolve, reject) => {
    const subscription = client.subscribeToStream('bench-read', { fromRevision: START });
    let seen = 0;
    subscription.on('error', reject);
    subscription.on('data', () => {
      if (++seen === readSize) resolve(subscription.unsubscribe());
    });
  });

const measures: readonly Measure[] = [
  appendInFlight(1, appendCount / 4),
  appendInFlight(8, appendCount),
  appendInFlight(64, 2 * appendCount),
  appendInFlight(256, 2 * appendCount),
  {
    name: 'events in appends of 100',
    count: 10_000,
    run: async (client, round) => {
      for (let n = 0; n < 100; n++)
        await client.appendToStream(`batched-${round}`, Array.from({ length: 100 }, event));
    },
  },
  {
    name: 'events of a stream read',
    count: readSize,
    run: async (client) => {
      let seen = 0;
      for await (const _ of client.readStream('bench-read')) seen++;
      if (seen !== readSize) throw new Error(`${seen} events read`);
    },
  },
  {
    name: 'events of $all read',
    count: readSize,
    run: async (client) => {
      let seen = 0;
      for await (const _ of client.readAll({ maxCount: readSize })) seen++;
      if (seen !== readSize) throw new Error(`${seen} events read`);
    },
  },
  { name: 'events of a subscription drained', count: readSize, run: drained },
];

const perSecond = async ({ count, run }: Measure, client: EventStoreDBClient, round: number) => {
  const start = performance.now();
  await run(client, round);
  return (count * 1000) / (performance.now() - start);
};

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const dataDir = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
const store = await startEventStore({ dataDir });
const nothing = await startServerThread(new URL('./null-server.js', import.meta.url), {
  events: readSize,
  dataBytes: bytesOfData,
});
const client = EventStoreDBClient.connectionString(store.url);
const nullClient = EventStoreDBClient.connectionString(
  `esdb://127.0.0.1:${nothing.port}?tls=false`,
);
for (let n = 0; n < readSize; n += 500)
  await client.appendToStream('bench-read', Array.from({ length: 500 }, event));

console.log(`${'measure'.padEnd(36)}${'null/s'.padStart(10)}${'store/s'.padStart(10)}   ratio`);
for (const measure of measures) {
  const rates = { store: [] as number[], nothing: [] as number[] };
  for (let round = 0; round < roundCount; round++) {
    rates.nothing.push(await perSecond(measure, nullClient, round));
    rates.store.push(await perSecond(measure, client, round));
  }
  const [a, b] = [median(rates.nothing), median(rates.store)];
  const columns = [a, b].map((rate) => rate.toFixed(0).padStart(10)).join('');
  console.log(`${measure.name.padEnd(36)}${columns}   ${(b / a).toFixed(2)}`);
}
await Promise.all([client.dispose(), nullClient.dispose()]);
await Promise.all([store.stop(), nothing.stop()]);
await rm(dataDir, { recursive: true });
