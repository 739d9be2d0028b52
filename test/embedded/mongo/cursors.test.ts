import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Long } from 'bson';
import type { Collection } from 'mongodb';
import { Cursors } from '../../../src/embedded/mongo/cursors.js';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Row = { _id: number; n: number };

describe('a cursor', () => {
  let mongo: TestMongo;
  let rows: Collection<Row>;
  const db = () => mongo.client.db('cursors');

  beforeAll(async () => {
    mongo = await startTestMongo();
    rows = db().collection<Row>('rows');
    await rows.createIndex({ n: 1 });
    await rows.insertMany(Array.from({ length: 500 }, (_, _id) => ({ _id, n: _id % 7 })));
  });
  afterAll(() => mongo.close());

  const isZero = (id: unknown) => (Long.isLong(id) ? id.isZero() : id === 0);

  it('has no id where the first batch holds everything', async () => {
    const { cursor } = await db().command({ find: 'rows', filter: { _id: { $lt: 101 } } });
    expect(cursor.firstBatch).toHaveLength(101);
    expect(isZero(cursor.id)).toBe(true);
    const limited = await db().command({ find: 'rows', limit: 5, batchSize: 5 });
    expect(isZero(limited.cursor.id)).toBe(true);
  });

  it('gives 101 documents first, and then as many as fit', async () => {
    const { cursor } = await db().command({ find: 'rows', filter: {} }, { promoteLongs: false });
    expect(cursor.firstBatch).toHaveLength(101);
    const more = await db().command({ getMore: cursor.id, collection: 'rows' });
    expect(more.cursor.nextBatch).toHaveLength(399);
    expect(isZero(more.cursor.id)).toBe(true);
    await expect(db().command({ getMore: cursor.id, collection: 'rows' })).rejects.toMatchObject({
      code: 43,
    });
  });

  it('waits to be asked when opened with batchSize 0', async () => {
    const { cursor } = await db().command({ find: 'rows', batchSize: 0 }, { promoteLongs: false });
    expect(cursor.firstBatch).toEqual([]);
    const more = await db().command({ getMore: cursor.id, collection: 'rows', batchSize: 3 });
    expect(more.cursor.nextBatch).toMatchObject([{ _id: 0 }, { _id: 1 }, { _id: 2 }]);
  });

  it('is unknown after killCursors, under another collection, and when it never was', async () => {
    const { cursor } = await db().command({ find: 'rows', batchSize: 1 }, { promoteLongs: false });
    await expect(db().command({ getMore: cursor.id, collection: 'other' })).rejects.toMatchObject({
      code: 43,
    });
    expect(
      await db().command(
        { killCursors: 'rows', cursors: [cursor.id, Long.fromNumber(5)] },
        { promoteLongs: false },
      ),
    ).toMatchObject({
      cursorsKilled: [cursor.id],
      cursorsNotFound: [Long.fromNumber(5)],
    });
    await expect(db().command({ getMore: cursor.id, collection: 'rows' })).rejects.toMatchObject({
      code: 43,
      codeName: 'CursorNotFound',
    });
  });

  it('goes on from where it was while documents come and go, and gives none twice', async () => {
    const own = db().collection<Row>('moving');
    await own.insertMany(Array.from({ length: 400 }, (_, i) => ({ _id: i * 2, n: i })));
    const cursor = own.find({}, { batchSize: 10 }).sort({ _id: 1 });
    const seen: number[] = [];
    for await (const { _id } of cursor) {
      seen.push(_id);
      if (seen.length === 100) {
        await own.deleteMany({ _id: { $gte: 700 } });
        await own.insertMany([
          { _id: -1, n: 0 },
          { _id: 601, n: 0 },
        ]);
      }
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
    // All that was there from beginning to end was seen.
    expect(seen.filter((id) => id < 700 && id % 2 === 0)).toHaveLength(350);
    expect(seen).toContain(601);
    expect(seen.at(-1)).toBe(698);
  });

  it('says so when its collection was dropped or replaced, rather than end early', async () => {
    const [old, next] = [db().collection<Row>('replaced'), db().collection<Row>('replacing')];
    await old.insertMany(Array.from({ length: 300 }, (_, _id) => ({ _id, n: 0 })));
    await next.insertOne({ _id: 1, n: 1 });
    const [replaced, renamed] = [old.find({}, { batchSize: 10 }), next.find({}, { batchSize: 10 })];
    await replaced.next();
    await next.insertMany(Array.from({ length: 300 }, (_, i) => ({ _id: i + 2, n: 1 })));
    await renamed.next();
    await next.rename('replaced', { dropTarget: true });
    await expect(replaced.toArray()).rejects.toMatchObject({ code: 175 });
    await expect(old.find().toArray()).resolves.toHaveLength(301);
  });

  it('left open by many clients stands in the way of nobody', async () => {
    const opened = await Promise.all(
      Array.from({ length: 300 }, () =>
        db().command({ find: 'rows', batchSize: 1 }, { promoteLongs: false }),
      ),
    );
    await rows.updateMany({}, { $inc: { n: 7 } });
    const last = await db().command({ getMore: opened[299]?.cursor.id, collection: 'rows' });
    expect(last.cursor.nextBatch).toHaveLength(499);
    // All but the one that was looked at to see whether there is more are as they are now.
    const [, ...fresh] = last.cursor.nextBatch;
    expect(fresh.every(({ n }: Row) => n >= 7)).toBe(true);
  });

  it('reads a sorted result to its end', async () => {
    const sorted = await rows.find().sort({ n: -1, _id: 1 }).batchSize(50).toArray();
    expect(sorted).toHaveLength(500);
    const inOrder = sorted.every(({ n, _id }, i) => {
      const before = sorted[i - 1];
      return !before || before.n > n || (before.n === n && before._id < _id);
    });
    expect(inOrder).toBe(true);
  });

  it('is dropped when nobody asked for it during ten minutes', () => {
    let now = 0;
    const cursors = new Cursors(() => now);
    const keep = () => cursors.keep(cursors.create('a.b', [][Symbol.iterator](), () => undefined));
    const [left, used] = [keep(), keep()];
    now = 9 * 60_000;
    cursors.get(used, 'a.b');
    now = 11 * 60_000;
    cursors.dropIdle();
    expect(() => cursors.get(left, 'a.b')).toThrow(/not found/);
    expect(cursors.get(used, 'a.b')).toMatchObject({ ns: 'a.b' });
    cursors.close();
  });
});
