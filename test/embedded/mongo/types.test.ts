import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
  UUID,
} from 'bson';
import type { Collection } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

const value: Document = {
  double: new Double(1),
  half: new Double(0.5),
  nan: new Double(Number.NaN),
  int: new Int32(1),
  long: Long.fromString('9007199254740993'),
  small: Long.fromNumber(1),
  decimal: Decimal128.fromString('1.10'),
  text: 'grüße\0\u{1f600}',
  empty: '',
  object: { b: 1, a: { c: [] } },
  array: [new Int32(1), new Double(1), 'x', [null], {}],
  binary: new Binary(Buffer.from([1, 2, 3])),
  uuid: new UUID('01020304-0506-4708-890a-0b0c0d0e0f10'),
  id: new ObjectId('000000000000000000000001'),
  yes: true,
  no: false,
  date: new Date(-1),
  null: null,
  regex: new BSONRegExp('a.*', 'im'),
  code: new Code('return 1'),
  timestamp: new Timestamp({ t: 1, i: 2 }),
  min: new MinKey(),
  max: new MaxKey(),
  'dotted.name': 1,
  $dollar: 1,
};

describe('a document', () => {
  let mongo: TestMongo;
  let raw: Collection<Document>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    raw = mongo.client.db('types').collection('values', { raw: true });
  });
  afterAll(() => mongo.close());

  const stored = async (id: string): Promise<string> => {
    const found = (await raw.findOne({ _id: id as never })) as unknown as Uint8Array;
    return Buffer.from(found).toString('hex');
  };
  const hex = (document: Document) => Buffer.from(serialize(document)).toString('hex');

  it('comes back byte for byte as it was sent', async () => {
    await raw.insertOne({ _id: 'inserted', ...value } as never);
    expect(await stored('inserted')).toBe(hex({ _id: 'inserted', ...value }));
  });

  it('has its _id first, wherever it stood', async () => {
    await mongo.client
      .db('types')
      .command({ insert: 'values', documents: [{ ...value, _id: 'last' }] });
    expect(await stored('last')).toBe(hex({ _id: 'last', ...value }));
  });

  it('is replaced byte for byte too, found or not', async () => {
    await raw.replaceOne({ _id: 'replaced' as never }, { n: 1 }, { upsert: true });
    await raw.replaceOne({ _id: 'replaced' as never }, value);
    expect(await stored('replaced')).toBe(hex({ _id: 'replaced', ...value }));
    await raw.replaceOne({ _id: 'upserted' as never }, value, { upsert: true });
    expect(await stored('upserted')).toBe(hex({ _id: 'upserted', ...value }));
  });

  it('keeps the types and the order of what an update or a projection leaves alone', async () => {
    await raw.insertOne({ _id: 'updated', ...value } as never);
    await raw.updateOne({ _id: 'updated' as never }, { $set: { added: new Double(2) } });
    expect(await stored('updated')).toBe(hex({ _id: 'updated', ...value, added: new Double(2) }));
    const found = (await raw.findOne(
      { _id: 'updated' as never },
      { projection: { added: 0 } },
    )) as unknown as Uint8Array;
    expect(Buffer.from(found).toString('hex')).toBe(hex({ _id: 'updated', ...value }));
  });

  it('keeps field names that look like numbers in their order', async () => {
    const bytes = Buffer.from(
      hex({ _id: 'numbers', b: 1, c: 2 }).replace('6200', '3200').replace('6300', '3100'),
      'hex',
    );
    await mongo.client
      .db('types')
      .collection('values')
      .insertOne({ _id: 'other' as never });
    const { deserialize } = await import('bson');
    expect(Object.keys(deserialize(bytes))).toContain('2');
    await mongo.client.db('types').command({
      insert: 'values',
      documents: [
        new Map<string, unknown>([
          ['_id', 'numbers'],
          ['2', 1],
          ['1', 2],
        ]),
      ],
    });
    expect(await stored('numbers')).toBe(bytes.toString('hex'));
  });

  it('may have an _id of any type that has an order', async () => {
    const ids = [
      1,
      'a',
      new ObjectId('000000000000000000000009'),
      { a: 1, b: 2 },
      true,
      new Date(5),
      new Binary(Buffer.from([1])),
      'y'.repeat(590),
      'x'.repeat(3000),
    ];
    const own = mongo.client.db('types').collection<{ _id: unknown }>('ids');
    await own.insertMany(ids.map((_id) => ({ _id })) as never);
    for (const id of ids) {
      expect(await own.countDocuments({ _id: id } as never)).toBe(1);
      await expect(own.insertOne({ _id: id } as never)).rejects.toMatchObject({ code: 11000 });
    }
    await expect(own.insertOne({ _id: new Double(1) } as never)).rejects.toMatchObject({
      code: 11000,
    });
    await expect(own.insertOne({ _id: [1] } as never)).rejects.toMatchObject({ code: 2 });
    const long = await own.find({ _id: { $gt: 'x'.repeat(2999), $lt: 'y' } } as never).toArray();
    expect(long).toHaveLength(1);
  });

  it('may be 16 MiB and no larger', async () => {
    const own = mongo.client.db('types').collection<{ _id: string; text: string }>('large');
    const room = 16 * 1024 * 1024 - serialize({ _id: 'a', text: '' }).length;
    await own.insertOne({ _id: 'a', text: 'x'.repeat(room) });
    expect((await own.findOne({ _id: 'a' }))?.text).toHaveLength(room);
    await expect(own.updateOne({ _id: 'a' }, { $set: { more: 1 } } as never)).rejects.toMatchObject(
      { code: 10334 },
    );
  });
});
