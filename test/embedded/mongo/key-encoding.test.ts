import { describe, expect, it } from '@jest/globals';
import { Binary, BSONRegExp, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import fc from 'fast-check';
import {
  compareValues,
  cutKey,
  emptyArray,
  encodeKey,
  encodeKeys,
} from '../../../src/embedded/mongo/key-encoding.js';

// In MongoDB's order, smallest first, each one different from the next.
const ascending: readonly unknown[] = [
  new MinKey(),
  emptyArray,
  null,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  Long.MIN_VALUE,
  -(2 ** 53),
  -1.5,
  -1,
  0,
  Number.MIN_VALUE,
  1,
  2 ** 53 - 1,
  2 ** 53,
  Long.fromString('9007199254740993'),
  2 ** 53 + 2,
  Long.MAX_VALUE,
  2 ** 63,
  Number.POSITIVE_INFINITY,
  '',
  '\0',
  '\0a',
  '\u0001',
  'A',
  'a',
  'a\0',
  'a\u0001',
  'ab',
  'b',
  'é',
  '\uffff',
  '\u{10000}',
  {},
  { b: 1 },
  { b: 2 },
  { b: 2, c: 1 },
  { c: 1 },
  { a: 'text comes after numbers, before names are looked at' },
  [],
  [1],
  [1, 2],
  [2],
  new Binary(Buffer.from([9])),
  new Binary(Buffer.from([9]), 5),
  new Binary(Buffer.from([1, 1])),
  new ObjectId('000000000000000000000001'),
  new ObjectId('100000000000000000000000'),
  false,
  true,
  new Date(-1),
  new Date(0),
  new Date(1),
  new Timestamp({ t: 1, i: 2 }),
  new Timestamp({ t: 2, i: 1 }),
  new BSONRegExp('a', ''),
  new BSONRegExp('a', 'i'),
  new MaxKey(),
];

describe('the encoding of keys', () => {
  it('sorts values of all types as MongoDB does', () => {
    const shuffled = ascending.map((value, i) => ({ i, key: encodeKey(value) })).reverse();
    expect(shuffled.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ i }) => i)).toEqual(
      ascending.map((_, i) => i),
    );
  });

  it('sorts the other way round when descending, whatever follows', () => {
    const keys = ascending.map((value, i) => ({ i, key: encodeKeys([value, 'next'], [-1, 1]) }));
    expect(keys.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ i }) => i)).toEqual(
      ascending.map((_, i) => i).reverse(),
    );
  });

  it('never makes one key the beginning of another', () => {
    const keys = ascending.map(encodeKey);
    for (const [i, key] of keys.entries())
      for (const [j, other] of keys.entries())
        if (i !== j) expect(other.subarray(0, key.length).equals(key)).toBe(false);
  });

  it('takes numbers for equal whatever their type', () => {
    const five = [5, new Int32(5), new Double(5), Long.fromNumber(5)].map(encodeKey);
    for (const key of five) expect(key).toEqual(five[0]);
    expect(encodeKey(-0)).toEqual(encodeKey(0));
    expect(encodeKey(undefined)).toEqual(encodeKey(null));
  });

  it('sorts 64-bit integers and doubles among each other exactly', () => {
    const near = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(
        near,
        fc.double({ noNaN: true, min: -(2 ** 63), max: 2 ** 63 }),
        (whole, double) => {
          const order = compareValues(Long.fromBigInt(whole), double);
          const floor = BigInt(Math.floor(double));
          const expected =
            whole < floor ? -1 : whole > floor ? 1 : Number.isInteger(double) ? 0 : -1;
          expect(Math.sign(order)).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('sorts texts by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareValues(a, b))).toBe(
          Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps keys apart when it cuts them', () => {
    const [a, b] = ['a', 'b'].map((end) => cutKey(encodeKey(`${'x'.repeat(5000)}${end}`), 1200));
    expect(a).toHaveLength(1200);
    expect(a!.equals(b!)).toBe(false);
    expect(a).toEqual(cutKey(encodeKey(`${'x'.repeat(5000)}a`), 1200));
  });

  it('leaves keys as they are while others are written', () => {
    const texts = Array.from({ length: 400 }, (_, n) => `${n} `.repeat(n));
    const keys = texts.map(encodeKey);
    const again = texts.map((text) => Buffer.from(encodeKey(text)));
    expect(keys.map((key, n) => key.equals(again[n] ?? key.subarray(1))).every(Boolean)).toBe(true);
    expect(encodeKeys(['a', 'x'.repeat(40_000), 'b'], [-1, 1, -1])).toEqual(
      Buffer.concat([
        encodeKeys(['a'], [-1]),
        encodeKey('x'.repeat(40_000)),
        encodeKeys(['b'], [-1]),
      ]),
    );
  });
});
