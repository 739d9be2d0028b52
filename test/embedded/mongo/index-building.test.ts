import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import type { Collection } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Row = Document & { _id: string };

describe('making an index', () => {
  let mongo: TestMongo;
  let rows: Collection<Row>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    rows = mongo.client.db('building').collection<Row>('rows');
    await rows.createIndex({ stream: 1, from: 1 });
    await rows.insertMany(
      Array.from({ length: 400 }, (_, i) => ({
        _id: `r${i}`,
        stream: `s${i % 4}`,
        from: i,
        at: new Date(Math.floor(i / 8) * 1000),
      })),
    );
  });
  afterAll(() => mongo.close());

  const explain = (found: { explain: (verbosity: 'executionStats') => Promise<Document> }) =>
    found.explain('executionStats');
  const names = async () => (await rows.indexes()).map(({ name }) => name);

  it('goes over documents that are there, and finds out where they break its uniqueness', async () => {
    await rows.createIndex({ at: 1 });
    const { executionStats } = await explain(rows.find({ at: new Date(5000) }));
    expect(executionStats).toMatchObject({ nReturned: 8, totalDocsExamined: 8 });
    await expect(rows.createIndex({ stream: 1 }, { unique: true })).rejects.toMatchObject({
      code: 11000,
    });
    expect(await names()).toEqual(['_id_', 'stream_1_from_1', 'at_1']);
    await rows.dropIndex('at_1');
    expect((await explain(rows.find({ at: new Date(5000) }))).queryPlanner.winningPlan.stage).toBe(
      'COLLSCAN',
    );
  });

  it('while documents are written leaves none out', async () => {
    const own = mongo.client.db('building').collection<Row>('busy');
    await own.insertMany(Array.from({ length: 20_000 }, (_, i) => ({ _id: `d${i}`, n: i })));
    const built = own.createIndex({ n: 1 });
    for (let i = 0; i < 20; i++) {
      await own.bulkWrite([
        { updateOne: { filter: { _id: `d${i * 1000}` }, update: { $set: { n: -1 } } } },
        { deleteOne: { filter: { _id: `d${i * 1000 + 1}` } } },
        { insertOne: { document: { _id: `e${i}`, n: -1 } } },
      ]);
    }
    await built;
    const { queryPlanner, executionStats } = await explain(own.find({ n: { $gte: -5 } }));
    expect(queryPlanner.winningPlan.inputStage.indexName).toBe('n_1');
    expect(executionStats).toMatchObject({ nReturned: 20_000, totalKeysExamined: 20_000 });
    expect(await own.countDocuments({ n: -1 })).toBe(40);
  });

  it('is refused a second time under one name, and dropping one that is not there', async () => {
    expect(await rows.createIndex({ stream: 1, from: 1 })).toBe('stream_1_from_1');
    await expect(
      rows.createIndex({ stream: -1 }, { name: 'stream_1_from_1' }),
    ).rejects.toMatchObject({ code: 86 });
    await expect(rows.createIndex({ stream: 1, from: 1 }, { name: 'other' })).rejects.toMatchObject(
      { code: 85 },
    );
    await expect(rows.dropIndex('none')).rejects.toMatchObject({ code: 27 });
    await expect(rows.dropIndex('_id_')).rejects.toMatchObject({ code: 72 });
  });

  it.each<[Document, Document, number]>([
    [{ a: 1 }, { sparse: true }, 2],
    [{ a: 1 }, { expireAfterSeconds: 5 }, 2],
    [{ a: 1 }, { partialFilterExpression: { a: 1 } }, 2],
    [{ a: '2dsphere' }, {}, 2],
    [{ a: 'hashed' }, {}, 2],
    [{ '$**': 1 }, {}, 67],
    [{ 'a.0': 1 }, {}, 67],
  ])('of kind %j %j is refused with code %i', async (key, options, code) => {
    await expect(rows.createIndex(key, options)).rejects.toMatchObject({ code });
    expect(await names()).toEqual(['_id_', 'stream_1_from_1']);
  });
});
