import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Varints, varintSize, writeVarint } from '../../protobuf/varint.js';

/** An entry of an ordered map of bytes. */
export type Entry = Readonly<{ key: Buffer; value: Buffer }>;

// A block holds neighbouring entries: after its head, for each entry how much of its key is that of
// the one before, the rest of the key and the value, all of it deflated. It is kept under its first key.
const formats = { deflated: 1, stored: 2 } as const;

/** What a block says without being inflated. */
export type BlockHead = Readonly<{
  isDeflated: boolean;
  count: number;
  lastKey: Buffer;
  /** All keys, complete, one after another. */
  keyBytes: number;
  rawBytes: number;
  /** Where what is deflated begins. */
  start: number;
}>;

const sharedBytes = (a: Buffer, b: Buffer): number => {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at;
};

/** How many bytes an entry adds to a block before it is deflated. */
export const rawBytesOf = ({ key, value }: Entry, before: Buffer): number => {
  const shared = sharedBytes(before, key);
  const rest = key.length - shared;
  const sizes = varintSize(shared) + varintSize(rest) + varintSize(value.length);
  return sizes + rest + value.length;
};

const rawOf = (entries: readonly Entry[], size: number): Buffer => {
  const raw = Buffer.allocUnsafe(size);
  let before = entries[0]?.key ?? raw;
  let at = 0;
  for (const { key, value } of entries) {
    const shared = sharedBytes(before, key);
    at = writeVarint(raw, at, shared);
    at = writeVarint(raw, at, key.length - shared);
    at = writeVarint(raw, at, value.length);
    at += key.copy(raw, at, shared);
    at += value.copy(raw, at);
    before = key;
  }
  return raw;
};

/**
 * Packs entries.
 *
 * @param entries in the order of their keys; one at least
 * @param rawBytes the sum of {@link rawBytesOf}, where the first entry comes after itself
 */
export const encodeBlock = (entries: readonly Entry[], rawBytes: number): Buffer => {
  const raw = rawOf(entries, rawBytes);
  const deflated = deflateRawSync(raw, { level: 6, memLevel: 8, chunkSize: chunkFor(rawBytes) });
  const isDeflated = deflated.length < rawBytes;
  const first = entries[0]?.key ?? raw;
  const last = entries.at(-1)?.key ?? raw;
  const keyBytes = entries.reduce((sum, { key }) => sum + key.length, 0);
  const shared = sharedBytes(first, last);
  const rest = last.subarray(shared);
  const numbers = [entries.length, rawBytes, keyBytes, shared, rest.length];
  const head = Buffer.allocUnsafe(1 + numbers.reduce((sum, each) => sum + varintSize(each), 0));
  head[0] = isDeflated ? formats.deflated : formats.stored;
  numbers.reduce((at, each) => writeVarint(head, at, each), 1);
  return Buffer.concat([head, rest, isDeflated ? deflated : raw]);
};

// Zlib in Node fills pieces of this size and joins them: one is enough.
const chunkFor = (bytes: number): number => Math.max(64, bytes + 64);

/**
 * What a block says of itself, read without inflating it.
 *
 * @throws Error for a block of a format that this version does not know
 */
export const headOf = (firstKey: Buffer, bytes: Buffer): BlockHead => {
  const format = bytes[0];
  if (format !== formats.deflated && format !== formats.stored)
    throw new Error(`the store was written by a newer version: blocks of format ${format}`);
  const numbers = new Varints(bytes, 1);
  const count = numbers.next();
  const rawBytes = numbers.next();
  const keyBytes = numbers.next();
  const shared = numbers.next();
  const rest = numbers.next();
  const start = numbers.at + rest;
  const lastKey = Buffer.concat([firstKey.subarray(0, shared), bytes.subarray(numbers.at, start)]);
  return { isDeflated: format === formats.deflated, count, lastKey, keyBytes, rawBytes, start };
};

/** The entries of a block, inflated. */
export class Block {
  readonly count: number;
  readonly #keys: Buffer;
  readonly #keyEnds: Uint32Array;
  readonly #raw: Buffer;
  readonly #valueEnds: Uint32Array;
  readonly #valueSizes: Uint32Array;

  constructor(firstKey: Buffer, bytes: Buffer, head = headOf(firstKey, bytes)) {
    const { isDeflated, count, keyBytes, rawBytes, start } = head;
    const body = bytes.subarray(start);
    const raw = isDeflated ? inflateRawSync(body, { chunkSize: chunkFor(rawBytes) }) : body;
    this.count = count;
    this.#raw = raw;
    this.#keys = Buffer.allocUnsafe(keyBytes);
    this.#keyEnds = new Uint32Array(count);
    this.#valueEnds = new Uint32Array(count);
    this.#valueSizes = new Uint32Array(count);
    const numbers = new Varints(raw, 0);
    let before = firstKey;
    let keyEnd = 0;
    for (let index = 0; index < count; index++) {
      const shared = numbers.next();
      const rest = numbers.next();
      const size = numbers.next();
      const valueStart = numbers.at + rest;
      const keyStart = keyEnd;
      keyEnd += before.copy(this.#keys, keyEnd, 0, shared);
      keyEnd += raw.copy(this.#keys, keyEnd, numbers.at, valueStart);
      before = this.#keys.subarray(keyStart, keyEnd);
      this.#keyEnds[index] = keyEnd;
      this.#valueSizes[index] = size;
      numbers.at = valueStart + size;
      this.#valueEnds[index] = numbers.at;
    }
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return this.#keys.length + this.#raw.length + 12 * this.count + 300;
  }

  /** @param index from 0 to {@link count}, exclusive */
  at(index: number): Entry {
    const end = this.#valueEnds[index] ?? 0;
    const value = this.#raw.subarray(end - (this.#valueSizes[index] ?? 0), end);
    return { key: this.#keys.subarray(this.#keyStart(index), this.#keyEnds[index]), value };
  }

  *entries(): Generator<Entry, void> {
    for (let index = 0; index < this.count; index++) yield this.at(index);
  }

  get(key: Buffer): Buffer | undefined {
    const index = this.indexOf(key);
    return index < this.count && this.#compare(index, key) === 0 ? this.at(index).value : undefined;
  }

  /** The index of the first entry whose key is not before this one. */
  indexOf(key: Buffer): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #keyStart(index: number): number {
    return index === 0 ? 0 : (this.#keyEnds[index - 1] ?? 0);
  }

  #compare(index: number, key: Buffer): number {
    const [start, end] = [this.#keyStart(index), this.#keyEnds[index]];
    return this.#keys.compare(key, 0, key.length, start, end);
  }
}
