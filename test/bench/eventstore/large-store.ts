import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { filledStream, fillStore } from '../../embedded/eventstore/support/fill.js';
import { endServer, spawnServer } from '../../embedded/eventstore/support/spawn-server.js';

// Builds a large store and prints how it opens, reads and grows beside an empty one.
// node dist/test/bench/eventstore/large-store.js [events] [streams]

const eventCount = Number(process.argv[2] ?? 2_000_000);
const streamCount = Number(process.argv[3] ?? 20_000);
const tailReads = 1_000;

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
const ms = (value: number) => `${value.toFixed(2)} ms`;
const inMiB = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

const folder = () => mkdtemp(join(tmpdir(), 'forkline-bench-'));

const openingTime = async (dataDir: string): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    const server = await startEventStore({ dataDir });
    times.push(performance.now() - start);
    await server.stop();
  }
  return median(times);
};

const tailTime = async (client: EventStoreDBClient, streams: number): Promise<number> => {
  const times: number[] = [];
  for (let n = 0; n < tailReads; n++) {
    const stream = filledStream((n * 7919) % streams);
    const start = performance.now();
    const options = { direction: BACKWARDS, fromRevision: END, maxCount: 10 } as const;
    for await (const _ of client.readStream(stream, options));
    times.push(performance.now() - start);
  }
  return median(times);
};

/** Memory of the process without the pages of files that it maps. Linux only. */
const ownMemory = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
};

const [large, small] = [await folder(), await folder()];
const start = performance.now();
await fillStore(large, { events: eventCount, streams: streamCount });
await fillStore(small, { events: 100, streams: 10 });
const seconds = (performance.now() - start) / 1000;
console.log(`${eventCount} events in ${streamCount} streams, written in ${seconds.toFixed(0)} s`);
for (const file of ['log.mdb', 'index.mdb'])
  console.log(`${file}: ${inMiB((await stat(join(large, file))).size)}`);
console.log(
  `opens in ${ms(await openingTime(large))} (an empty one ${ms(await openingTime(small))})`,
);

const servers = { large: await spawnServer(large), small: await spawnServer(small) };
const clients = {
  large: EventStoreDBClient.connectionString(servers.large.url),
  small: EventStoreDBClient.connectionString(servers.small.url),
};
await tailTime(clients.small, 10);
const tails = {
  small: await tailTime(clients.small, 10),
  large: await tailTime(clients.large, streamCount),
};
console.log(`last 10 events of a stream in ${ms(tails.large)} (small store ${ms(tails.small)})`);

const pid = servers.large.child.pid ?? 0;
const samples: number[] = [];
let read = 0;
const readStart = performance.now();
for await (const _ of clients.large.readAll())
  if (++read % Math.ceil(eventCount / 20) === 0) samples.push(await ownMemory(pid));
const rate = (read * 1000) / (performance.now() - readStart);
console.log(`$all: ${read} events at ${rate.toFixed(0)}/s`);
console.log(`server memory meanwhile: ${samples.map(inMiB).join(', ')}`);

for (const which of ['large', 'small'] as const) {
  await clients[which].dispose();
  await endServer(servers[which], 'SIGTERM');
}
for (const dataDir of [large, small]) await rm(dataDir, { recursive: true });
