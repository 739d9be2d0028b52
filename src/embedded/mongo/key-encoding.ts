import { createHash } from 'node:crypto';
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import { unsupported } from './errors.js';
import {
  collect,
  length,
  putBinary,
  putByte,
  putDouble,
  putInverted,
  putLong,
  putRaw,
  putSigned64,
  putText,
} from './key-bytes.js';

// One encoding, whose bytes sort as MongoDB sorts the values, serves indexes, sorts and range
// filters, so the three cannot disagree. No encoding is the beginning of another one, which is
// what lets several stand one after another in a key.

const tags = {
  minKey: 0x08,
  emptyArray: 0x0c,
  null: 0x10,
  number: 0x18,
  text: 0x20,
  object: 0x28,
  array: 0x30,
  binary: 0x38,
  objectId: 0x40,
  boolean: 0x48,
  date: 0x50,
  timestamp: 0x58,
  regex: 0x60,
  maxKey: 0x78,
} as const;

/** Stands for an array with no elements in an index or a sort: it comes before null. */
export const emptyArray = Symbol('empty array');

const tagOf = (value: unknown): number => {
  switch (typeof value) {
    case 'number':
      return tags.number;
    case 'string':
      return tags.text;
    case 'boolean':
      return tags.boolean;
    case 'undefined':
      return tags.null;
    case 'symbol':
      return tags.emptyArray;
    case 'object':
      break;
    default:
      throw unsupported(`comparing a ${typeof value}`);
  }
  if (value === null) return tags.null;
  if (Array.isArray(value)) return tags.array;
  if (value instanceof Date) return tags.date;
  if (value instanceof Uint8Array) return tags.binary;
  switch ((value as { _bsontype?: string })._bsontype) {
    case undefined:
      return tags.object;
    case 'Int32':
    case 'Double':
    case 'Long':
      return tags.number;
    case 'BSONSymbol':
      return tags.text;
    case 'Binary':
      return tags.binary;
    case 'ObjectId':
      return tags.objectId;
    case 'Timestamp':
      return tags.timestamp;
    case 'BSONRegExp':
      return tags.regex;
    case 'MinKey':
      return tags.minKey;
    case 'MaxKey':
      return tags.maxKey;
    default:
      throw unsupported(`comparing a ${(value as { _bsontype?: string })._bsontype}`);
  }
};

const putContent = (value: unknown): void => {
  if (typeof value === 'number') putDouble(value);
  else if (typeof value === 'string') putText(value);
  else if (typeof value === 'boolean') putByte(value ? 1 : 0);
  else if (typeof value === 'object' && value !== null) putObject(value);
};

const putObject = (value: object): void => {
  if (value instanceof Date) putSigned64(BigInt(value.getTime()));
  else if (value instanceof Timestamp) putSigned64(value.toBigInt() - (1n << 63n));
  else if (value instanceof Long) putLong(value);
  else if (value instanceof Int32 || value instanceof Double) putDouble(value.value);
  else if (value instanceof ObjectId) putRaw(value.id);
  else if (value instanceof Binary) putBinary(value.value(), value.sub_type);
  else if (value instanceof Uint8Array) putBinary(value, 0);
  else if (value instanceof BSONSymbol) putText(value.value);
  else if (value instanceof BSONRegExp) {
    putText(value.pattern);
    putText(value.options);
  } else if (Array.isArray(value)) {
    for (const item of value) put(item);
    putByte(0);
  } else if (!(value instanceof MinKey || value instanceof MaxKey)) {
    for (const [name, item] of Object.entries(value)) {
      // Type, then name, then content: the order in which MongoDB compares fields.
      putByte(tagOf(item));
      putText(name);
      putContent(item);
    }
    putByte(0);
  }
};

const put = (value: unknown) => {
  putByte(tagOf(value));
  putContent(value);
};

/**
 * Encodes one value; `Buffer.compare` of two encodings is MongoDB's order of the two values.
 *
 * @throws CommandError for a type that has no place in the order here (Decimal128, code)
 */
export const encodeKey = (value: unknown): Buffer => collect(() => put(value));

/**
 * Writes several values one after another, inverting those whose direction is negative. To be called
 * inside {@link collect}.
 *
 * @returns how long the key is with them
 */
export const putKeys = (values: readonly unknown[], directions: readonly number[]): number => {
  for (let i = 0; i < values.length; i++)
    if ((directions[i] ?? 1) > 0) put(values[i]);
    else putInverted(() => put(values[i]));
  return length();
};

/** Encodes several values as {@link putKeys} does. */
export const encodeKeys = (values: readonly unknown[], directions: readonly number[]): Buffer =>
  collect(() => putKeys(values, directions));

/** The byte that starts every encoding of this value's type; comparisons stay within one. */
export const typeTag = (value: unknown): number => tagOf(value);

/** All bytes inverted: what {@link encodeKeys} makes of a descending component. */
export const inverted = (key: Buffer): Buffer => {
  const out = Buffer.from(key);
  for (let i = 0; i < out.length; i++) out[i] = ~(out[i] ?? 0);
  return out;
};

/** MongoDB's order of two values: negative, zero or positive. */
export const compareValues = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number' && !Number.isNaN(a) && !Number.isNaN(b))
    return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(encodeKey(a), encodeKey(b));
};

/** Equality as an equality filter has it: numbers of any type, fields of a document in order. */
export const equalValues = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  const kind = typeof a;
  if (kind !== 'object' && kind === typeof b) return Number.isNaN(a) && Number.isNaN(b);
  return tagOf(a) === tagOf(b) && compareValues(a, b) === 0;
};

const hashBytes = 16;

/**
 * Shortens a key that is too long for LMDB: its beginning, then a hash of all of it. Equal keys
 * stay equal; two that agree in their whole beginning are no longer in order.
 */
export const cutKey = (key: Buffer, limit: number): Buffer => {
  if (key.length <= limit) return key;
  const hash = createHash('sha256').update(key).digest().subarray(0, hashBytes);
  return Buffer.concat([key.subarray(0, limit - hashBytes), hash]);
};

/** How much of a key of that limit is sure to be there after {@link cutKey}. */
export const uncutBytes = (limit: number): number => limit - hashBytes;
