import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Row = { _id: string; position: number; by?: string };

describe('a guarded upsert', () => {
  let mongo: TestMongo;
  let rows: Collection<Row>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    rows = mongo.client.db('guarded').collection<Row>('rows');
    await rows.createIndex({ position: 1 });
  });
  afterAll(() => mongo.close());

  const put = (id: string, position: number) =>
    rows.replaceOne({ _id: id, position: { $lt: position } }, { position }, { upsert: true });

  it('inserts the first document', async () => {
    expect(await put('first', 5)).toMatchObject({ upsertedCount: 1, upsertedId: 'first' });
    expect(await rows.findOne({ _id: 'first' })).toEqual({ _id: 'first', position: 5 });
  });

  it('replaces an older document', async () => {
    await put('older', 5);
    expect(await put('older', 6)).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
    expect(await rows.findOne({ _id: 'older' })).toEqual({ _id: 'older', position: 6 });
  });

  it('is a duplicate key on _id_ when the document is newer, and changes nothing', async () => {
    await put('newer', 9);
    await expect(put('newer', 9)).rejects.toMatchObject({
      code: 11000,
      keyPattern: { _id: 1 },
      keyValue: { _id: 'newer' },
      message:
        'E11000 duplicate key error collection: guarded.rows index: _id_ dup key: { _id: "newer" }',
    });
    expect(await rows.find({ _id: 'newer' }).toArray()).toEqual([{ _id: 'newer', position: 9 }]);
  });

  it('leaves the highest position in place when four clients race, and one document a key', async () => {
    const clients = await Promise.all([0, 1, 2, 3].map(() => mongo.connect()));
    const keys = Array.from({ length: 40 }, (_, i) => `race-${i}`);
    const positions = Array.from({ length: 25 }, (_, i) => i + 1);
    await Promise.all(
      clients.map(async (client, number) => {
        const mine = client.db('guarded').collection<Row>('rows');
        // Each one goes through the positions in an order of its own.
        for (const at of positions) {
          const position = ((at * (number * 2 + 3)) % positions.length) + 1;
          const operations = keys.map(
            (key): AnyBulkWriteOperation<Row> => ({
              replaceOne: {
                filter: { _id: key, position: { $lt: position } },
                replacement: { position, by: String(number) },
                upsert: true,
              },
            }),
          );
          await mine
            .bulkWrite(operations, { ordered: false })
            .catch((error: MongoBulkWriteError) => {
              const codes = [error.writeErrors].flat().map(({ code }) => code);
              expect(new Set(codes)).toEqual(new Set([11000]));
            });
        }
      }),
    );
    const left = await rows.find({ _id: /^race-/ }).toArray();
    expect(left).toHaveLength(keys.length);
    expect(new Set(left.map(({ position }) => position))).toEqual(new Set([positions.length]));
    expect(await rows.countDocuments({ position: positions.length, _id: /^race-/ })).toBe(
      keys.length,
    );
  });
});
