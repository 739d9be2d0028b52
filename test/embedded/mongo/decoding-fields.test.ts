import { describe, expect, it } from '@jest/globals';
import { Binary, Decimal128, Double, Int32, Long, ObjectId } from 'bson';
import fc from 'fast-check';
import {
  decode,
  decodeFields,
  documentFrom,
  encode,
  fieldNames,
  idOf,
} from '../../../src/embedded/mongo/raw.js';

const names = ['_id', 'a', 'ab', 'b', 'é', '__proto__', ''] as const;

const value = fc.oneof(
  ...[fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
  ...[fc.date({ noInvalidDate: true }), fc.array(fc.integer()), fc.jsonValue()],
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((each) => Long.fromBigInt(each)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Binary(bytes)),
  fc.constantFrom(new ObjectId(), new Int32(7), new Double(7), Decimal128.fromString('1.5')),
);

/** One field each, so that a name may be any, also one that an object treats as special. */
const documentOf = (fields: readonly (readonly [string, unknown])[]): Buffer =>
  documentFrom(
    fields.map(([name, each]) =>
      encode(Object.fromEntries([[name, each] as const])).subarray(4, -1),
    ),
  );

const document = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names, 'c', 'abc'), value), {
    selector: ([name]) => name,
  })
  .map(documentOf);

const pieceOf = (type: number, bytes: readonly number[]): Buffer =>
  documentFrom([Buffer.from([type, 0x61, 0, ...bytes])]);

describe('reading some fields of a document', () => {
  it('gives what decoding the whole document gives', () => {
    fc.assert(
      fc.property(document, fc.subarray([...names]), (bytes, wanted) => {
        const whole = decode(bytes);
        const fields = decodeFields(bytes, fieldNames(wanted));
        expect(Object.keys(fields).sort()).toEqual([...wanted].sort());
        for (const name of wanted) {
          const expected = Object.hasOwn(whole, name) ? whole[name] : undefined;
          expect(Object.getOwnPropertyDescriptor(fields, name)?.value).toEqual(expected);
        }
        expect(idOf(bytes)).toEqual(whole._id);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['text that is no UTF-8', pieceOf(2, [2, 0, 0, 0, 0xff, 0])],
    ['text without its zero', pieceOf(2, [2, 0, 0, 0, 0x61, 0x61])],
    ['text of no length', pieceOf(2, [0, 0, 0, 0])],
    ['text that ends behind the document', pieceOf(2, [99, 0, 0, 0, 0x61, 0])],
    ['a number that is cut short', pieceOf(1, [0, 0, 0])],
    ['a length below zero', pieceOf(2, [0xf0, 0xff, 0xff, 0xff, 0])],
    ['a type that there is not', pieceOf(0x44, [])],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeFields(bytes, fieldNames(['a']))).toThrow();
  });

  it('passes over what it is not asked for, and refuses what ends behind the document there too', () => {
    expect(decodeFields(pieceOf(2, [2, 0, 0, 0, 0xff, 0]), fieldNames(['b']))).toEqual({});
    expect(() => decodeFields(pieceOf(2, [99, 0, 0, 0]), fieldNames(['b']))).toThrow('cut short');
  });
});
