import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Row = Document & { _id: number };

const count = 30_000;

describe('other clients', () => {
  let mongo: TestMongo;
  beforeAll(async () => {
    mongo = await startTestMongo();
  });
  afterAll(() => mongo.close());

  const filled = async (name: string): Promise<Collection<Row>> => {
    const rows = mongo.client.db('large').collection<Row>(name);
    await rows.createIndex({ n: 1 });
    await rows.insertMany(
      Array.from({ length: count }, (_, _id) => ({ _id, n: _id % 1000, text: `text ${_id}` })),
    );
    return rows;
  };

  it.each<[string, (rows: Collection<Row>) => Promise<unknown>]>([
    ['deleteMany of everything', (rows) => rows.deleteMany({})],
    ['updateMany of everything', (rows) => rows.updateMany({}, { $inc: { n: 1 } })],
    ['an index build', (rows) => rows.createIndex({ text: 1, n: 1 })],
    ['a search without an index', (rows) => rows.countDocuments({ text: /none/ })],
    ['a sort without an index', (rows) => rows.find().sort({ text: 1 }).limit(1).toArray()],
  ])('are answered while %s goes on', async (name, work) => {
    const rows = await filled(name.replaceAll(' ', '-'));
    let isDone = false;
    const working = work(rows).finally(() => {
      isDone = true;
    });
    const other = mongo.client.db('large').collection<Row>('other');
    let answered = 0;
    while (!isDone) {
      await other.findOne({ _id: 1 });
      if (!isDone) answered++;
    }
    await working;
    expect(answered).toBeGreaterThan(3);
  });

  it('may write while a dropped collection is cleared away', async () => {
    const rows = await filled('to-drop');
    const db = mongo.client.db('large');
    await rows.drop();
    const other = db.collection<Row>('other');
    await other.insertOne({ _id: 1 });
    expect(await rows.countDocuments()).toBe(0);
    await filled('to-drop');
    expect(await rows.countDocuments({ n: 5 })).toBe(count / 1000);
  });
});
