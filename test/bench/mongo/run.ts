import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { startMongo } from '../../../src/embedded/mongo/start.js';
import { startServerThread } from '../../../src/embedded/server-thread.js';
import { startMongoProcess } from '../../embedded/mongo/support/mongo-process.js';
import { type Row, rowOf } from './rows.js';

// Every operation through the driver, against the embedded server and against one that answers at
// once, in turns: the ratio says what the server costs, whatever else the machine does meanwhile.
// node dist/test/bench/mongo/run.js

const total = 100_000;
const turns = 3;

type Operation = Readonly<{
  name: string;
  unit: string;
  /** Does the work once and gives how many units that were. */
  run: (rows: Collection<Row>, turn: number) => Promise<number>;
}>;

const upsertAll = async (rows: Collection<Row>, from: number, to: number, position: number) => {
  for (let at = from; at < to; at += 1000)
    await rows.bulkWrite(
      Array.from({ length: 1000 }, (_, i) => {
        const { _id, ...row } = rowOf(at + i, position);
        return {
          replaceOne: {
            filter: { _id, position: { $lt: position } },
            replacement: row,
            upsert: true,
          },
        };
      }),
      { ordered: false, writeConcern: { w: 1, j: true } },
    );
};

const findSome = async (rows: Collection<Row>, count: number, atOnce: number) => {
  let next = 0;
  const find = async () => {
    while (next < count) await rows.findOne({ _id: rowOf((next++ * 7919) % total)._id });
  };
  await Promise.all(Array.from({ length: atOnce }, find));
  return count;
};

const operations: readonly Operation[] = [
  {
    name: 'bulkWrite of 1,000 guarded upserts, three indexes (new)',
    unit: 'documents/s',
    run: async (rows, turn) => {
      await upsertAll(rows, total + turn * 10_000, total + (turn + 1) * 10_000, 1);
      return 10_000;
    },
  },
  {
    name: 'bulkWrite of 1,000 guarded upserts, three indexes (newer)',
    unit: 'documents/s',
    run: async (rows, turn) => {
      await upsertAll(rows, 0, 10_000, 1_000_000 + turn);
      return 10_000;
    },
  },
  { name: 'findOne by _id, one at a time', unit: 'per s', run: (rows) => findSome(rows, 2000, 1) },
  { name: 'findOne by _id, 16 at once', unit: 'per s', run: (rows) => findSome(rows, 4000, 16) },
  {
    name: 'page of 20 by an index that also sorts',
    unit: 'per s',
    run: async (rows) => {
      for (let i = 0; i < 1000; i++)
        await rows
          .find({ userId: `user-${i % 500}`, archived: false })
          .sort({ updatedAt: -1, _id: -1 })
          .limit(20)
          .toArray();
      return 1000;
    },
  },
  {
    name: 'read all of 100,000 by getMore',
    unit: 'documents/s',
    run: async (rows) => {
      let read = 0;
      for await (const _ of rows.find({ _id: { $lt: rowOf(total)._id } })) read++;
      return read;
    },
  },
];

const perSecond = async (work: () => Promise<number>): Promise<number> => {
  const start = performance.now();
  return (await work()) / ((performance.now() - start) / 1000);
};

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const dataDir = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
const filling = await startMongoProcess(dataDir);
const filler = await new MongoClient(filling.url).connect();
const empty = filler.db('bench').collection<Row>('rows');
await empty.createIndex({ userId: 1, archived: 1, updatedAt: -1, _id: -1 });
await empty.createIndex({ updatedAt: -1 });
await empty.createIndex({ tags: 1 });
await upsertAll(empty, 0, total, 1);
await filling.kill();
await filler.close(true);

const killed = await startMongoProcess(dataDir);
await killed.kill();
const server = await startMongo({ dataDir });
const nobody = await startServerThread(new URL('./null-server.js', import.meta.url), {});
const clients = await Promise.all(
  [server.port, nobody.port].map((port) =>
    new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`).connect(),
  ),
);
const [rows, nowhere] = clients.map((client) => client.db('bench').collection<Row>('rows'));
if (!rows || !nowhere) throw new Error('there are two clients');

console.log(
  `open a store of ${total} documents after kill -9, worker included: ${killed.openedIn.toFixed(0)} ms\n`,
);
console.log('| operation | embedded | null server | embedded takes |\n|---|---|---|---|');
for (const { name, unit, run } of operations) {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await perSecond(() => run(rows, turn)));
    theirs.push(await perSecond(() => run(nowhere, turn)));
  }
  const [a, b] = [median(ours), median(theirs)];
  const shown = (value: number) => Math.round(value).toLocaleString('en-US');
  console.log(
    `| ${name} | ${shown(a)} ${unit} | ${shown(b)} ${unit} | ${(b / a).toFixed(1)} times as long |`,
  );
}

await Promise.all(clients.map((client) => client.close()));
await server.stop();
await nobody.stop();
await rm(dataDir, { recursive: true, force: true });
