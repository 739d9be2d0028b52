import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AnyBulkWriteOperation, type Collection, MongoClient } from 'mongodb';
import { startMongoProcess } from './support/mongo-process.js';

type Row = { _id: string; batch: number; place: number; position: number; tags: string[] };

const batchSize = 100;
// One more than there are moments of a kill, told by the batches answered before it. More with FORKLINE_KILL_ROUNDS=30.
const rounds = Number(process.env.FORKLINE_KILL_ROUNDS ?? 12);

const batchOf = (batch: number): AnyBulkWriteOperation<Row>[] =>
  Array.from({ length: batchSize }, (_, place) => ({
    replaceOne: {
      filter: { _id: `b${batch}-${place}`, position: { $lt: batch } },
      replacement: { batch, place, position: batch, tags: [`t${place % 7}`, `t${batch % 5}`] },
      upsert: true,
    },
  }));

/** Checks documents and indexes against each other; gives the batches that are there. */
const inspect = async (rows: Collection<Row>): Promise<Set<number>> => {
  const all = await rows.find({}, { hint: { _id: 1 } }).toArray();
  const batches = new Map<number, number>();
  for (const { batch } of all) batches.set(batch, (batches.get(batch) ?? 0) + 1);
  // A command is one transaction: all of its documents, or none.
  expect([...batches.values()].filter((count) => count !== batchSize)).toEqual([]);
  for (const { name } of await rows.indexes()) {
    const { executionStats } = await rows
      .find({}, { hint: String(name) })
      .explain('executionStats');
    expect(executionStats.nReturned).toBe(all.length);
    // Every entry leads to a document: none was left behind.
    expect(executionStats.totalDocsExamined).toBe(executionStats.totalKeysExamined);
  }
  return new Set(batches.keys());
};

describe('kill -9', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-killed-'));
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  it('during bulk writes and index builds loses no acknowledged batch, and leaves documents and indexes in agreement', async () => {
    const acknowledged = new Set<number>();
    const openings: number[] = [];
    let next = 0;
    for (let round = 0; round < rounds; round++) {
      const server = await startMongoProcess(dataDir);
      openings.push(server.openedIn);
      const client = await new MongoClient(server.url, {
        writeConcern: { w: 1, j: true },
      }).connect();
      const rows = client.db('killed').collection<Row>('rows');
      if (round === 0) await rows.createIndex({ batch: 1, place: -1 }, { unique: true });

      const found = await inspect(rows);
      for (const batch of acknowledged) expect(found).toContain(batch);

      // Several writers at once, and an index that comes and goes meanwhile.
      let left = 1 + ((round * 7) % 11);
      let isOver = false;
      const killed = new Promise<void>((resolve) => {
        const end = () => {
          isOver = true;
          void server.kill().then(resolve);
        };
        const write = async () => {
          while (!isOver) {
            const batch = ++next;
            await rows.bulkWrite(batchOf(batch), { ordered: false });
            acknowledged.add(batch);
            if (--left === 0) end();
          }
        };
        const build = async () => {
          while (!isOver) {
            await rows.createIndex({ tags: 1 });
            await rows.dropIndex('tags_1');
          }
        };
        // Whatever is under way when the server dies fails, as it must.
        for (const work of [write, write, build]) void work().catch(() => undefined);
      });
      await killed;
      await client.close(true);
    }
    expect(acknowledged.size).toBeGreaterThan(rounds);
    expect(Math.max(...openings)).toBeLessThan(10_000);
  }, 180_000);
});
