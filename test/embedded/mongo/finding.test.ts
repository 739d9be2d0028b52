import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Document, ObjectId } from 'bson';
import type { Collection } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

const documents: readonly Document[] = [
  { _id: 1, n: 5, s: 'alpha', tags: ['a', 'b'], at: new Date(1000), deep: { x: 1 } },
  { _id: 2, n: 7.5, s: 'Beta', tags: [], at: new Date(2000), deep: { x: null } },
  {
    _id: 3,
    n: null,
    s: 'gamma',
    tags: ['b', 'c'],
    items: [
      { sku: 'p', qty: 1 },
      { sku: 'q', qty: 9 },
    ],
  },
  { _id: 4, s: 10, tags: 'b', items: [{ sku: 'p', qty: 9 }] },
  { _id: 5, n: [1, 9], deep: 5, flag: true, ref: new ObjectId('000000000000000000000005') },
  { _id: 6, n: Number.NaN, flag: false, items: [] },
];

describe('find', () => {
  let mongo: TestMongo;
  let things: Collection<Document>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    things = mongo.client.db('finding').collection('things');
    await things.insertMany(documents.map((each) => ({ ...each })));
  });
  afterAll(() => mongo.close());

  // What MongoDB 7 answers to each of these.
  const answers: readonly (readonly [Document, readonly number[]])[] = [
    [{}, [1, 2, 3, 4, 5, 6]],
    [{ n: 5 }, [1]],
    [{ n: 9 }, [5]],
    [{ n: [1, 9] }, [5]],
    [{ n: [9, 1] }, []],
    [{ n: null }, [3, 4]],
    [{ n: { $exists: false } }, [4]],
    [{ n: { $ne: 5 } }, [2, 3, 4, 5, 6]],
    [{ n: { $ne: null } }, [1, 2, 5, 6]],
    [{ n: { $gt: 5 } }, [2, 5]],
    [{ n: { $gte: 5, $lt: 8 } }, [1, 2, 5]],
    [{ n: { $gt: 2, $lt: 6 } }, [1, 5]],
    [{ n: { $elemMatch: { $gt: 2, $lt: 6 } } }, []],
    [{ n: { $lte: null } }, [3, 4]],
    [{ n: Number.NaN }, [6]],
    [{ n: { $lt: 100 } }, [1, 2, 5]],
    [{ n: { $not: { $gt: 5 } } }, [1, 3, 4, 6]],
    [{ n: { $in: [null, 7.5] } }, [2, 3, 4]],
    [{ n: { $nin: [5, null] } }, [2, 5, 6]],
    [{ n: { $mod: [5, 0] } }, [1]],
    [{ n: { $type: 'number' } }, [1, 2, 5, 6]],
    [{ n: { $type: ['null', 'array'] } }, [3, 5]],
    [{ s: { $lt: 'b' } }, [1, 2]],
    [{ s: { $gt: 1 } }, [4]],
    [{ s: /^b/i }, [2]],
    [{ s: { $regex: 'MM', $options: 'i' } }, [3]],
    [{ s: { $in: [/^al/, 10] } }, [1, 4]],
    [{ s: { $not: /a$/ } }, [4, 5, 6]],
    [{ tags: 'b' }, [1, 3, 4]],
    [{ tags: [] }, [2]],
    [{ tags: ['a', 'b'] }, [1]],
    [{ tags: { $size: 2 } }, [1, 3]],
    [{ tags: { $all: ['b', 'c'] } }, [3]],
    [{ tags: { $all: [] } }, []],
    [{ 'tags.0': 'b' }, [3]],
    [{ tags: { $exists: true, $ne: 'b' } }, [2]],
    [{ items: { $elemMatch: { sku: 'p', qty: 9 } } }, [4]],
    [{ 'items.sku': 'p', 'items.qty': 9 }, [3, 4]],
    [{ items: { $all: [{ $elemMatch: { sku: 'p' } }, { $elemMatch: { sku: 'q' } }] } }, [3]],
    [{ 'items.1.qty': 9 }, [3]],
    [{ 'items.none': null }, [1, 2, 3, 4, 5]],
    [{ 'items.none': { $exists: false } }, [1, 2, 3, 4, 5, 6]],
    [{ 'deep.x': null }, [2, 3, 4, 5, 6]],
    [{ 'deep.x': { $exists: true } }, [1, 2]],
    [{ deep: { x: 1 } }, [1]],
    [{ deep: { $gt: 4 } }, [5]],
    [{ at: { $gt: new Date(1000) } }, [2]],
    [{ flag: { $lt: true } }, [6]],
    [{ ref: new ObjectId('000000000000000000000005') }, [5]],
    [{ $or: [{ n: 5 }, { flag: true }] }, [1, 5]],
    [{ $nor: [{ n: 5 }, { flag: true }] }, [2, 3, 4, 6]],
    [{ $and: [{ tags: 'b' }, { s: { $type: 'string' } }] }, [1, 3]],
    [{ _id: { $in: [6, 1, 99] } }, [1, 6]],
    [{ _id: { $gt: 4 }, $comment: 'why' }, [5, 6]],
    [{ constructor: { $exists: true } }, []],
  ];

  it.each(answers)('answers %j', async (filter, expected) => {
    const found = await things.find(filter).sort({ _id: 1 }).toArray();
    expect(found.map(({ _id }) => _id)).toEqual(expected);
    expect(await things.countDocuments(filter)).toBe(expected.length);
  });

  it('sorts all types in one order, arrays by their smallest or largest element', async () => {
    const ids = async (sort: Document) =>
      (
        await things
          .find()
          .sort({ ...sort, _id: 1 })
          .toArray()
      ).map(({ _id }) => _id);
    expect(await ids({ n: 1 })).toEqual([3, 4, 6, 5, 1, 2]);
    expect(await ids({ n: -1 })).toEqual([5, 2, 1, 6, 3, 4]);
    expect(await ids({ tags: 1 })).toEqual([2, 5, 6, 1, 3, 4]);
    expect(await ids({ s: -1 })).toEqual([3, 1, 2, 4, 5, 6]);
  });

  it('skips and limits after sorting', async () => {
    const page = await things.find().sort({ _id: -1 }).skip(1).limit(2).toArray();
    expect(page.map(({ _id }) => _id)).toEqual([5, 4]);
  });

  it('gives the fields that were asked for, in the order of the document', async () => {
    const one = (filter: Document, projection: Document) => things.findOne(filter, { projection });
    expect(await one({ _id: 1 }, { s: 1, n: 1 })).toEqual({ _id: 1, n: 5, s: 'alpha' });
    expect(Object.keys((await one({ _id: 1 }, { s: 1, n: 1 }))!)).toEqual(['_id', 'n', 's']);
    expect(await one({ _id: 1 }, { _id: 0, 'deep.x': 1 })).toEqual({ deep: { x: 1 } });
    expect(await one({ _id: 3 }, { 'items.qty': 1 })).toEqual({
      _id: 3,
      items: [{ qty: 1 }, { qty: 9 }],
    });
    expect(await one({ _id: 3 }, { 'items.qty': 0, s: 0, tags: 0 })).toEqual({
      _id: 3,
      n: null,
      items: [{ sku: 'p' }, { sku: 'q' }],
    });
    expect(await one({ _id: 5 }, { _id: 1 })).toEqual({ _id: 5 });
    expect(await one({ _id: 6 }, { _id: 0 })).toEqual({ n: Number.NaN, flag: false, items: [] });
  });

  it('lists the distinct values of a field, arrays taken apart', async () => {
    expect((await things.distinct('tags')).sort()).toEqual(['a', 'b', 'c']);
    expect(await things.distinct('items.qty', { s: 'gamma' })).toEqual([1, 9]);
    expect(await things.distinct('none')).toEqual([]);
  });

  it('counts', async () => {
    expect(await things.estimatedDocumentCount()).toBe(6);
    expect(await things.countDocuments({}, { skip: 1, limit: 3 })).toBe(3);
    expect(await mongo.client.db('finding').collection('none').countDocuments()).toBe(0);
    expect(
      await mongo.client.db('finding').command({ count: 'things', query: { flag: true } }),
    ).toMatchObject({ n: 1 });
  });

  it('finds nothing where there is no collection', async () => {
    expect(await mongo.client.db('finding').collection('none').find().toArray()).toEqual([]);
  });
});
