import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { projections } from '../../projections/index.js';
import { type EmbeddedMongo, startMongo } from '../../src/embedded/mongo/start.js';
import type { Streams } from '../../src/eventstore/lineage.js';
import { readModel } from '../../src/projecting/read-model.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { compareExecutions } from '../../src/queries/compare.js';
import { removeFolder, temporaryFolder } from '../support/program.js';
import { admin } from '../support/requests.js';

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
let read = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  const db = client.db('forkline');
  // Making indexes reads no stream.
  for (const projection of projections) await readModel(db, projection, {} as Streams).prepare();
  client.on('commandSucceeded', ({ reply }) => {
    const { cursor } = reply as { cursor?: { firstBatch?: []; nextBatch?: [] } };
    read += (cursor?.firstBatch ?? cursor?.nextBatch ?? []).length;
  });
});
afterAll(async () => {
  await client.close();
  await mongo.stop();
  await removeFolder(folder);
});

/** A run with so many checkpoints, and a fork at its last, each with ten more: full states and differences in turn. */
const twoRuns = async (name: string, shared: number): Promise<void> => {
  const db = client.db('forkline');
  const [a, b] = [`execution-${name}a`, `execution-${name}b`];
  const at = '2026-01-01T00:00:00.000Z';
  const checkpoint = (stream: string, seq: number) => ({
    ...{
      _id: `${stream}@${seq}`,
      key: `${stream}/${seq}`,
      stream,
      checkpointId: `${stream}/${seq}`,
    },
    ...{ seq, from: seq, to: null, userId: 'ann', agent: 'a', stage: 's', stageOrder: seq },
    ...(seq === 1 || seq % 32 === 0 ? { state: { seq } } : { stateDelta: [] }),
    ...{ createdAt: at, position: seq },
  });
  const numbers = (count: number, first: number) =>
    Array.from({ length: count }, (_, n) => first + n);
  await db
    .collection('checkpoints_v2')
    .insertMany([
      ...numbers(shared + 10, 1).map((seq) => checkpoint(a, seq)),
      ...numbers(10, shared + 2).map((seq) => checkpoint(b, seq)),
    ] as Document[]);
  const ancestry = [{ stream: a, through: shared }];
  await db.collection('streams_v1').insertMany([
    { _id: a, stream: a, ancestry: [] },
    { _id: b, stream: b, ancestry },
  ] as Document[]);
  await db.collection('executions_v3').insertMany([
    { _id: a, stream: a, id: `${name}a`, userId: 'ann', revision: shared + 10 },
    { _id: b, stream: b, id: `${name}b`, userId: 'ann', revision: shared + 11 },
  ] as Document[]);
};

it('reads as much for runs that share 32 checkpoints as for runs that share 1,920', async () => {
  const cost = async (name: string, shared: number): Promise<number> => {
    await twoRuns(name, shared);
    read = 0;
    const ids = { a: `${name}a`, b: `${name}b` };
    const found = await compareExecutions(collectionsOf(client.db('forkline')), admin, ids, {
      limit: 20,
    });
    expect(found).toMatchObject({ common: { stream: `execution-${name}a`, revision: shared } });
    expect(found?.items.filter(({ state }) => state)).toHaveLength(9);
    return read;
  };
  const short = await cost('x', 32);
  expect(await cost('y', 32 * 60)).toBe(short);
});
