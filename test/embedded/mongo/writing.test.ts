import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import type { Collection, MongoBulkWriteError } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Thing = Document & { _id: number | string };

describe('writing', () => {
  let mongo: TestMongo;
  let things: Collection<Thing>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    things = mongo.client.db('writing').collection<Thing>('things');
  });
  afterAll(() => mongo.close());
  beforeEach(async () => {
    await things.drop();
    await things.createIndex({ email: 1 }, { unique: true });
    await things.createIndex({ tags: 1 });
    await things.insertMany([
      { _id: 1, email: 'a@x', n: 1 },
      { _id: 2, email: 'b@x', n: 2, tags: ['red', 'blue'] },
    ]);
  });

  const all = () => things.find().sort({ _id: 1 }).toArray();
  const idsBy = async (filter: Document) =>
    (await things.find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id);

  const duplicateEmail = {
    code: 11000,
    keyPattern: { email: 1 },
    keyValue: { email: 'a@x' },
    errmsg:
      'E11000 duplicate key error collection: writing.things index: email_1 dup key: { email: "a@x" }',
  };

  it('gives a document without an _id a new one', async () => {
    const { insertedId } = await mongo.client.db('writing').collection('fresh').insertOne({ n: 1 });
    expect(insertedId.toHexString()).toHaveLength(24);
    const reply = await mongo.client
      .db('writing')
      .command({ insert: 'fresh', documents: [{ n: 2 }] });
    expect(reply).toMatchObject({ n: 1 });
    expect(
      (await mongo.client.db('writing').collection('fresh').findOne({ n: 2 }))?._id,
    ).toHaveProperty('id');
  });

  describe('a duplicate key', () => {
    it.each<[string, () => Promise<unknown>]>([
      ['insertOne', () => things.insertOne({ _id: 3, email: 'a@x' })],
      ['replaceOne', () => things.replaceOne({ _id: 2 }, { email: 'a@x' })],
      ['updateOne', () => things.updateOne({ _id: 2 }, { $set: { email: 'a@x' } })],
      ['updateMany', () => things.updateMany({ n: 2 }, { $set: { email: 'a@x' } })],
      [
        'an upsert',
        () => things.updateOne({ _id: 3 }, { $set: { email: 'a@x' } }, { upsert: true }),
      ],
    ])('of %s says which index and value, and changes nothing', async (_, write) => {
      const before = await all();
      await expect(write()).rejects.toMatchObject({ errorResponse: duplicateEmail });
      expect(await all()).toEqual(before);
      expect(await idsBy({ email: 'b@x' })).toEqual([2]);
      expect(await idsBy({ tags: 'red' })).toEqual([2]);
    });

    it('of findOneAndUpdate stands at the top of the reply', async () => {
      const { errmsg, ...rest } = duplicateEmail;
      const failure = await things
        .findOneAndUpdate({ _id: 2 }, { $set: { email: 'a@x' } })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject(rest);
      expect(failure).toHaveProperty('message', errmsg);
      expect(await idsBy({ email: 'b@x' })).toEqual([2]);
    });

    it('counts null and missing as the same', async () => {
      await things.insertOne({ _id: 3 });
      await expect(things.insertOne({ _id: 4, email: null })).rejects.toMatchObject({
        code: 11000,
      });
    });
  });

  it('keeps what came before the first error of an ordered bulk, and stops there', async () => {
    const error: MongoBulkWriteError = await things
      .insertMany([
        { _id: 3, email: 'c@x' },
        { _id: 1, email: 'd@x' },
        { _id: 4, email: 'e@x' },
      ])
      .then(
        () => undefined,
        (thrown) => thrown,
      );
    expect([error.writeErrors].flat()).toMatchObject([{ index: 1, code: 11000 }]);
    expect(error.insertedCount).toBe(1);
    expect(await idsBy({})).toEqual([1, 2, 3]);
  });

  it('goes on behind every error of an unordered bulk', async () => {
    const error: MongoBulkWriteError = await things
      .bulkWrite(
        [
          { insertOne: { document: { _id: 1 } } },
          { insertOne: { document: { _id: 3, email: 'c@x' } } },
          { insertOne: { document: { _id: 4, email: 'a@x' } } },
          { updateOne: { filter: { _id: 1 }, update: { $inc: { n: 5 } } } },
          { updateOne: { filter: { _id: 2 }, update: { $set: { email: 'a@x' } } } },
          { deleteOne: { filter: { _id: 2 } } },
        ],
        { ordered: false },
      )
      .then(
        () => undefined,
        (thrown) => thrown,
      );
    expect(
      [error.writeErrors]
        .flat()
        .map(({ index }) => index)
        .sort(),
    ).toEqual([0, 2, 4]);
    expect(error.result).toMatchObject({ insertedCount: 1, modifiedCount: 1, deletedCount: 1 });
    expect(await all()).toEqual([
      { _id: 1, email: 'a@x', n: 6 },
      { _id: 3, email: 'c@x' },
    ]);
  });

  it('replaces all of a document but its _id', async () => {
    expect(await things.replaceOne({ email: 'b@x' }, { email: 'z@x' })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 1,
    });
    expect(await things.findOne({ _id: 2 })).toEqual({ _id: 2, email: 'z@x' });
    expect(await idsBy({ tags: 'red' })).toEqual([]);
    await expect(things.replaceOne({ _id: 2 }, { _id: 9, email: 'y@x' })).rejects.toMatchObject({
      code: 66,
    });
  });

  it('counts a change that changes nothing as matched only', async () => {
    expect(await things.updateOne({ _id: 1 }, { $set: { n: 1 } })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 0,
    });
  });

  it('changes each document of updateMany once, also where the change moves it in the index it was found by', async () => {
    const many = mongo.client.db('writing').collection<Thing>('many');
    await many.createIndex({ n: 1 });
    await many.insertMany(Array.from({ length: 3000 }, (_, i) => ({ _id: i, n: i })));
    const result = await many.updateMany({ n: { $gte: 0 } }, { $inc: { n: 10_000 } });
    expect(result).toMatchObject({ matchedCount: 3000, modifiedCount: 3000 });
    expect(await many.countDocuments({ n: { $gte: 10_000, $lt: 13_000 } })).toBe(3000);
    expect(await many.updateMany({ n: -1 }, { $set: { x: 1 } }, { upsert: true })).toMatchObject({
      upsertedCount: 1,
    });
    expect(await many.deleteMany({ n: { $lt: 12_000 } })).toEqual({
      acknowledged: true,
      deletedCount: 2001,
    });
    expect(await many.countDocuments()).toBe(1000);
  });

  it('upserts behind a search too long for one transaction', async () => {
    const many = mongo.client.db('writing').collection<Thing>('long');
    await many.insertMany(Array.from({ length: 2500 }, (_, i) => ({ _id: i, n: i })));
    expect(await many.updateOne({ n: 2400 }, { $set: { x: 1 } }, { upsert: true })).toMatchObject({
      matchedCount: 1,
    });
    expect(await many.updateOne({ n: 9999 }, { $set: { x: 1 } }, { upsert: true })).toMatchObject({
      upsertedCount: 1,
    });
    expect(await many.deleteOne({ n: 2400 })).toMatchObject({ deletedCount: 1 });
    expect(await many.countDocuments()).toBe(2500);
  });

  it('deletes one or all', async () => {
    await things.insertOne({ _id: 3, email: 'c@x', n: 2 });
    expect(await things.deleteOne({ n: 2 })).toMatchObject({ deletedCount: 1 });
    expect(await things.deleteMany({ n: { $gt: 0 } })).toMatchObject({ deletedCount: 2 });
    expect(await all()).toEqual([]);
    expect(await idsBy({ tags: 'red' })).toEqual([]);
  });

  it('takes more documents of a megabyte in one bulk than go into one message', async () => {
    const wide = mongo.client.db('writing').collection<Thing>('wide');
    const text = 'w'.repeat(1_000_000);
    await wide.insertMany(Array.from({ length: 60 }, (_, i) => ({ _id: i, text })));
    expect(await wide.countDocuments({ text })).toBe(60);
  });

  describe('findOneAnd…', () => {
    it('gives the document before or after its change', async () => {
      expect(await things.findOneAndUpdate({ n: 1 }, { $inc: { n: 1 } })).toEqual({
        _id: 1,
        email: 'a@x',
        n: 1,
      });
      const after = await things.findOneAndUpdate(
        { _id: 1 },
        { $inc: { n: 1 } },
        { returnDocument: 'after', projection: { n: 1 } },
      );
      expect(after).toEqual({ _id: 1, n: 3 });
    });

    it('takes the first in the order asked for', async () => {
      expect(await things.findOneAndDelete({}, { sort: { n: -1 } })).toMatchObject({ _id: 2 });
      expect(await idsBy({})).toEqual([1]);
      expect(await things.findOneAndDelete({ _id: 77 })).toBeNull();
    });

    it('upserts and replaces', async () => {
      const options = {
        upsert: true,
        returnDocument: 'after',
        includeResultMetadata: true,
      } as const;
      const made = await things.findOneAndUpdate(
        { _id: 'new', email: 'n@x' },
        { $set: { n: 1 } },
        options,
      );
      expect(made).toMatchObject({
        lastErrorObject: { n: 1, updatedExisting: false, upserted: 'new' },
        value: { _id: 'new', email: 'n@x', n: 1 },
      });
      expect(
        await things.findOneAndReplace(
          { _id: 'new' },
          { email: 'm@x' },
          { returnDocument: 'after' },
        ),
      ).toEqual({ _id: 'new', email: 'm@x' });
      expect(await things.findOneAndUpdate({ _id: 'none' }, { $set: { n: 1 } })).toBeNull();
    });
  });
});
