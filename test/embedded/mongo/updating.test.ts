import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Document, Int32, Long } from 'bson';
import type { Collection } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Thing = Document & { _id: string };

describe('the operators of an update', () => {
  let mongo: TestMongo;
  let things: Collection<Thing>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    things = mongo.client.db('updating').collection<Thing>('things');
  });
  afterAll(() => mongo.close());
  afterEach(() => things.deleteMany({}));

  const changes: readonly (readonly [Document, Document, Document])[] = [
    [{ a: 1 }, { $set: { b: 2, 'c.d': 3 } }, { a: 1, b: 2, c: { d: 3 } }],
    [{ a: [1, { b: 2 }] }, { $set: { 'a.1.b': 3, 'a.3': 4 } }, { a: [1, { b: 3 }, null, 4] }],
    [{ a: 1, b: { c: 1, d: 2 } }, { $unset: { a: '', 'b.c': '', 'x.y': '' } }, { b: { d: 2 } }],
    [{ a: 1 }, { $inc: { a: 2, b: -1 } }, { a: 3, b: -1 }],
    [{ a: 1.5 }, { $inc: { a: 1 } }, { a: 2.5 }],
    [{ a: 5, b: 5 }, { $min: { a: 3, b: 9, c: 1 } }, { a: 3, b: 5, c: 1 }],
    [{ a: 5, b: 5 }, { $max: { a: 3, b: 9, c: 1 } }, { a: 5, b: 9, c: 1 }],
    [{ a: 'x' }, { $max: { a: new Date(1) } }, { a: new Date(1) }],
    [{ a: [1] }, { $push: { a: 2, b: { c: 1 } } }, { a: [1, 2], b: [{ c: 1 }] }],
    [{ a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
    [{ a: [1, 2] }, { $addToSet: { a: 2 } }, { a: [1, 2] }],
    [
      { a: [{ b: 1 }] },
      { $addToSet: { a: { $each: [{ b: 1 }, { b: 2 }] } } },
      { a: [{ b: 1 }, { b: 2 }] },
    ],
    [{ a: [1, 2, 1, 3] }, { $pull: { a: 1 } }, { a: [2, 3] }],
    [{ a: [1, 5, 9] }, { $pull: { a: { $gt: 4 } } }, { a: [1] }],
    [
      { a: [{ b: 1, c: 1 }, { b: 2 }] },
      { $pull: { a: { b: { $in: [2] } } } },
      { a: [{ b: 1, c: 1 }] },
    ],
    [{ a: 1 }, { $set: { b: 1 }, $inc: { c: 1 }, $setOnInsert: { d: 1 } }, { a: 1, b: 1, c: 1 }],
  ];
  it.each(changes)('makes of %j by %j what MongoDB makes of it', async (before, update, after) => {
    await things.insertOne({ _id: 'c', ...before });
    await things.updateOne({ _id: 'c' }, update);
    expect(await things.findOne({ _id: 'c' })).toEqual({ _id: 'c', ...after });
  });

  it('keeps the types of the numbers it does not change, and widens those it does', async () => {
    const typed = mongo.client
      .db('updating')
      .collection<Thing>('things', { promoteValues: false, promoteLongs: false });
    await things.insertOne({
      _id: 't',
      email: 't',
      small: new Int32(2147483647),
      big: Long.fromNumber(1),
      half: 0.5,
    });
    await things.updateOne({ _id: 't' }, { $inc: { small: 1 } });
    const found = await typed.findOne({ _id: 't' });
    expect(found).toMatchObject({ small: Long.fromNumber(2147483648), big: Long.fromNumber(1) });
    expect(found?.half).toHaveProperty('_bsontype', 'Double');
  });

  it.each<[Document, number]>([
    [{ $set: { _id: 9 } }, 66],
    [{ $set: { 'n.x': 1 } }, 28],
    [{ $inc: { email: 1 } }, 14],
    [{ $push: { n: 1 } }, 2],
    [{ $set: { a: 1, 'a.b': 2 } }, 40],
    [{ $set: { a: 1 }, $inc: { a: 1 } }, 40],
    [{ $rename: { n: 'm' } }, 2],
    [{ $set: { 'tags.$[]': 1 } }, 2],
  ])('refuses %j with code %i and changes nothing', async (update, code) => {
    const before = { _id: 'r', email: 'r@x', n: 1 };
    await things.insertOne(before);
    await expect(things.updateOne({ _id: 'r' }, update)).rejects.toMatchObject({ code });
    expect(await things.findOne({ _id: 'r' })).toEqual(before);
  });

  it('begins an upsert with what the filter says is equal', async () => {
    const filter = {
      _id: 'u',
      email: 'u@x',
      'deep.a': { $eq: 1 },
      n: { $gt: 5 },
      $and: [{ b: 2 }],
    };
    const result = await things.updateOne(
      filter,
      { $set: { c: 3 }, $setOnInsert: { d: 4 } },
      { upsert: true },
    );
    expect(result).toMatchObject({ upsertedCount: 1, upsertedId: 'u', matchedCount: 0 });
    expect(await things.findOne({ _id: 'u' })).toEqual({
      _id: 'u',
      email: 'u@x',
      deep: { a: 1 },
      b: 2,
      c: 3,
      d: 4,
    });
  });
});
