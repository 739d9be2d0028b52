import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Db } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Row = { _id: number; n?: number };

describe('collections', () => {
  let mongo: TestMongo;
  let db: Db;

  beforeAll(async () => {
    mongo = await startTestMongo();
    db = mongo.client.db('collections');
  });
  afterAll(() => mongo.close());

  const names = async () =>
    (await db.collections()).map(({ collectionName }) => collectionName).sort();

  it('come into being with their first document, index or create', async () => {
    await db.createCollection('made');
    await db.collection('indexed').createIndex({ n: 1 });
    await db.collection<Row>('filled').insertOne({ _id: 1 });
    expect(await names()).toEqual(['filled', 'indexed', 'made']);
    await expect(db.createCollection('made')).rejects.toMatchObject({ code: 48 });
    const { databases } = await mongo.client.db('admin').admin().listDatabases({ nameOnly: true });
    expect(databases).toEqual([{ name: 'collections' }]);
  });

  it('are listed by filter, with their kind', async () => {
    expect(await db.listCollections({ name: 'made' }).toArray()).toMatchObject([
      { name: 'made', type: 'collection', idIndex: { name: '_id_' } },
    ]);
    expect(await db.listCollections({ name: 'none' }).toArray()).toEqual([]);
  });

  it('take the place of another one under a new name at once, indexes included', async () => {
    const [built, live] = [db.collection<Row>('list-v2'), db.collection<Row>('list')];
    await live.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 1 },
    ]);
    await built.createIndex({ n: -1 });
    await built.insertMany([{ _id: 1, n: 2 }]);
    await expect(built.rename('list')).rejects.toMatchObject({ code: 48 });
    // Every reader sees one of the two, whole, at any moment.
    const seen = new Set<string>();
    let isDone = false;
    const reader = (async () => {
      while (!isDone) seen.add(JSON.stringify(await live.find().toArray()));
    })();
    await built.rename('list', { dropTarget: true });
    isDone = true;
    await reader;
    const possible = [
      JSON.stringify([
        { _id: 1, n: 1 },
        { _id: 2, n: 1 },
      ]),
      JSON.stringify([{ _id: 1, n: 2 }]),
    ];
    for (const each of seen) expect(possible).toContain(each);
    expect(await live.find().toArray()).toEqual([{ _id: 1, n: 2 }]);
    expect((await live.indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_-1']);
    expect(await names()).not.toContain('list-v2');
    await expect(db.collection('none').rename('list')).rejects.toMatchObject({ code: 26 });
  });

  it('are dropped with their indexes, and begin anew', async () => {
    const own = db.collection<Row>('dropped');
    await own.createIndex({ n: 1 }, { unique: true });
    await own.insertOne({ _id: 1, n: 1 });
    expect(await own.drop()).toBe(true);
    expect(await names()).not.toContain('dropped');
    await own.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 1 },
    ]);
    expect(await own.countDocuments()).toBe(2);
  });

  it('go with their database, and leave others alone', async () => {
    const other = mongo.client.db('other').collection<Row>('rows');
    await other.insertOne({ _id: 1 });
    await db.dropDatabase();
    expect(await names()).toEqual([]);
    expect(await other.countDocuments()).toBe(1);
  });

  it('need a name that MongoDB takes', async () => {
    await expect(db.command({ insert: 'a$b', documents: [{ _id: 1 }] })).resolves.toMatchObject({
      writeErrors: [{ code: 73 }],
    });
    await expect(db.command({ create: '' })).rejects.toMatchObject({ code: 73 });
  });
});
