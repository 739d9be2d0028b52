import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import { MongoClient } from 'mongodb';
import { startMongo } from '../../../src/embedded/mongo/start.js';
import { startTestMongo, type TestMongo } from './support/mongo.js';

describe('what is not done here', () => {
  let mongo: TestMongo;
  beforeAll(async () => {
    mongo = await startTestMongo();
    await mongo.client
      .db('refusals')
      .collection<{ _id: number }>('rows')
      .insertMany([{ _id: 1 }, { _id: 2 }]);
  });
  afterAll(() => mongo.close());
  const rows = () => mongo.client.db('refusals').collection<Document & { _id: number }>('rows');

  it.each(['replSetGetStatus', 'mapReduce', 'getLog', 'createUser', 'bulkWrite', 'noSuchThing'])(
    'the command %s is answered with CommandNotFound',
    async (name) => {
      await expect(mongo.client.db('admin').command({ [name]: 1 })).rejects.toMatchObject({
        code: 59,
        codeName: 'CommandNotFound',
        message: `no such command: '${name}'`,
      });
    },
  );

  it('transactions are refused with code 20, and nothing is written', async () => {
    const session = mongo.client.startSession();
    session.startTransaction();
    // The driver takes code 20 of a write for a sign of a storage engine of old, and wraps it.
    await expect(rows().insertOne({ _id: 9 }, { session })).rejects.toMatchObject({
      originalError: {
        code: 20,
        message: expect.stringContaining('Transactions are not supported'),
      },
    });
    await session.abortTransaction().catch(() => undefined);
    session.startTransaction();
    await expect(rows().findOne({ _id: 1 }, { session })).rejects.toMatchObject({ code: 20 });
    await session.abortTransaction().catch(() => undefined);
    await session.endSession();
    expect(await rows().countDocuments()).toBe(2);
  });

  it('sessions without a transaction are taken', async () => {
    await mongo.client.withSession(async (session) => {
      await rows().insertOne({ _id: 5 }, { session });
      expect(await rows().deleteOne({ _id: 5 }, { session })).toMatchObject({ deletedCount: 1 });
    });
  });

  it('a user and password are refused with a message that says so', async () => {
    const url = mongo.server.url.replace('mongodb://', 'mongodb://ann:secret@');
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
    await expect(client.connect()).rejects.toThrow(/authentication.*not supported/);
    await client.close();
  });

  it.each<[Document]>([
    [{ $where: 'true' }],
    [{ $expr: { $eq: [1, 1] } }],
    [{ $jsonSchema: {} }],
    [{ a: { $near: [1, 1] } }],
    [{ a: { $bitsAllSet: 1 } }],
    [{ a: { $unheard: 1 } }],
    [{ $unheard: 1 }],
    [{ a: { $type: 'double' } }],
    [{ a: { $regex: 'a', $options: 'x' } }],
    [{ a: { $in: 1 } }],
    [{ $or: [] }],
    [{ $and: {} }],
    [{ a: { $not: 1 } }],
  ])('the filter %j is refused', async (filter) => {
    await expect(rows().find(filter).toArray()).rejects.toMatchObject({ code: 2 });
    await expect(rows().deleteMany(filter)).rejects.toMatchObject({ code: 2 });
    expect(await rows().countDocuments()).toBe(2);
  });

  it.each<[Document[], number]>([
    [[{ $lookup: { from: 'a', as: 'b', localField: 'c', foreignField: 'd' } }], 40324],
    [[{ $out: 'x' }], 40324],
    [[{ $merge: 'x' }], 40324],
    [[{ $unheard: 1 }], 40324],
    [[{ $changeStream: {} }], 40324],
    [[{ $limit: 1, $skip: 1 }], 9],
    [[{ $limit: 0 }], 2],
    [[{ $project: { a: { $function: { body: 'x', args: [], lang: 'js' } } } }], 2],
    [[{ $project: { a: { $unheard: 1 } } }], 2],
  ])('the pipeline %j is refused', async (pipeline, code) => {
    await expect(rows().aggregate(pipeline).toArray()).rejects.toMatchObject({ code });
  });

  it.each<[string, number, () => Promise<unknown>]>([
    ['a collation', 2, () => rows().find().collation({ locale: 'de' }).toArray()],
    ['a tailable cursor', 2, () => rows().find({}, { tailable: true }).toArray()],
    [
      'a computed projection',
      2,
      () =>
        rows()
          .find()
          .project({ a: { $add: [1, 2] } })
          .toArray(),
    ],
    ['an update by pipeline', 2, () => rows().updateOne({}, [{ $set: { a: 1 } }])],
    [
      'array filters',
      2,
      () => rows().updateOne({}, { $set: { 'a.$[x]': 1 } }, { arrayFilters: [{ x: 1 }] }),
    ],
    [
      'a capped collection',
      2,
      () => mongo.client.db('refusals').createCollection('capped', { capped: true, size: 1 }),
    ],
    ['a change stream', 40324, () => rows().watch().next()],
  ])('%s is refused', async (_, code, ask) => {
    await expect(ask()).rejects.toMatchObject({ code });
    expect(await rows().find().sort({ _id: 1 }).toArray()).toEqual([{ _id: 1 }, { _id: 2 }]);
  });

  it('a second server on the same folder is refused', async () => {
    await expect(startMongo({ dataDir: mongo.dataDir })).rejects.toMatchObject({
      name: 'FolderInUse',
    });
  });
});
