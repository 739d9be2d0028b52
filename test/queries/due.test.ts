import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { deadlines } from '../../projections/deadlines.js';
import { startMongo } from '../../src/embedded/index.js';
import type { EmbeddedMongo } from '../../src/embedded/mongo/start.js';
import type { Streams } from '../../src/eventstore/lineage.js';
import type { AnyProjection } from '../../src/projecting/projection.js';
import { readModel } from '../../src/projecting/read-model.js';
import { type Collections, collectionsOf } from '../../src/queries/collections.js';
import { type Deadline, listDue } from '../../src/queries/deadlines.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
let collections: Collections;
const sent: Document[] = [];

const noon = '2026-01-01T12:00:00.000Z';
const waiting = (name: string, dueAt?: string) => {
  const stream = `interrupt-${name}`;
  const deadline = { stream, kind: 'interrupt' as const, revision: 0, position: 1 };
  return { _id: stream, ...deadline, ...(dueAt !== undefined && { dueAt }) };
};

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  const db = client.db('forkline');
  // Making indexes reads no stream.
  await readModel(db, deadlines as unknown as AnyProjection, {} as Streams).prepare();
  collections = collectionsOf(db);
  await collections.deadlines.insertMany([
    waiting('e', noon),
    ...['d', 'c', 'b'].map((name) => waiting(name, '2026-01-01T11:59:59.999Z')),
    waiting('a', '2026-01-01T00:00:00.000Z'),
    waiting('later', '2026-01-01T12:00:00.001Z'),
    waiting('in-year-10000', '+010000-01-01T00:00:00.000Z'),
    ...Array.from({ length: 3_000 }, (_, n) => waiting(`pending-${n}`, '2027-01-01T00:00:00.000Z')),
    ...Array.from({ length: 3_000 }, (_, n) => waiting(`settled-${n}`)),
  ]);
  client.on('commandStarted', ({ commandName, command }) => {
    if (commandName === 'find') sent.push(command);
  });
});

afterAll(async () => {
  await client.close();
  await mongo.stop();
  await removeFolder(folder);
});

describe('what is due', () => {
  it.each([1, 2, 3, 5, 100])('is read oldest first, by %p at a time, each once', async (limit) => {
    const read: string[] = [];
    let page: readonly Deadline[] = [];
    do {
      page = await listDue(collections, noon, limit, page.at(-1));
      read.push(...page.map(({ stream }) => stream));
    } while (page.length === limit);
    expect(read).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `interrupt-${name}`));
  });

  it('is found without looking at what is not, however much of that there is', async () => {
    sent.length = 0;
    await listDue(collections, noon, 500);
    const [{ find, filter, sort, limit } = {}] = sent;
    const { executionStats } = await client.db('forkline').command({
      explain: { find, filter, sort, limit },
      verbosity: 'executionStats',
    });
    expect(executionStats.nReturned).toBe(5);
    expect(executionStats.totalKeysExamined).toBeLessThanOrEqual(6);
    expect(executionStats.totalDocsExamined).toBe(5);
  });
});
