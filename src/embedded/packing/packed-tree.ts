import type { Database, RootDatabase } from 'lmdb';
import { LRUCache } from 'lru-cache';
import { Block, type BlockHead, type Entry, headOf } from './block.js';
import { isRemoval, overlay, removal } from './overlay.js';

/** Keys from `from` to `to`; both ends belong to it unless told otherwise. */
export type Span = Readonly<{
  from: Buffer;
  /** Never in it. */
  to: Buffer;
  isReverse: boolean;
  /** Whether `from` is not in it either. */
  isAfterFrom?: boolean;
}>;

/** A block as it lies in the file. */
export type Packed = Readonly<{ key: Buffer; bytes: Buffer; head: BlockHead }>;

export type TreeOptions = Readonly<{
  /** The name of the table of blocks. */
  name: string;
  /** Keys that begin alike in so many bytes lie together: no block holds two groups. */
  groupBytes: number;
  /** Where what may be packed begins, and what comes behind all keys. */
  from: Buffer;
  end: Buffer;
}>;

const cachedBytes = 24 * 1024 * 1024;

/**
 * An ordered map of bytes in one LMDB environment: new entries as they are, older ones packed into
 * blocks ({@link Block}). An entry as it is comes before what a block has under the same key. A store
 * from before there were blocks is one in which nothing is packed yet.
 */
export class PackedTree {
  readonly plain: RootDatabase<Buffer, Buffer>;
  readonly options: TreeOptions;
  readonly #blocks: Database<Buffer, Buffer>;
  readonly #cache = new LRUCache<string, Readonly<{ bytes: Buffer; block: Block }>>({
    maxSize: cachedBytes,
    sizeCalculation: ({ bytes, block }) => bytes.length + block.bytes,
  });
  #hasBlocks: boolean;

  constructor(plain: RootDatabase<Buffer, Buffer>, options: TreeOptions) {
    this.plain = plain;
    this.options = options;
    this.#blocks = plain.openDB<Buffer, Buffer>({
      ...{ name: options.name, encoding: 'binary', keyEncoding: 'binary' },
    });
    this.#hasBlocks = this.#blocks.getKeysCount({ limit: 1 }) > 0;
  }

  get(key: Buffer): Buffer | undefined {
    const value = this.plain.getBinary(key);
    return value ? (isRemoval(value) ? undefined : value) : this.#packedValue(key);
  }

  /** Inside a transaction, as all that writes. */
  put(key: Buffer, value: Buffer): void {
    this.plain.putSync(key, value);
  }

  remove(key: Buffer): void {
    if (this.#packedValue(key)) this.plain.putSync(key, removal);
    else this.plain.removeSync(key);
  }

  /** The entries of a span in order. To be read, or left, within one turn of the event loop. */
  *entries(span: Span): Generator<Entry, void> {
    const { from, to, isReverse, isAfterFrom = false } = span;
    const range = isReverse
      ? { start: to, end: from, reverse: true, exclusiveStart: true, inclusiveEnd: !isAfterFrom }
      : { start: from, end: to, exclusiveStart: isAfterFrom };
    const plain: Iterable<Entry> = this.plain.getRange(range);
    if (!this.#hasBlocks) {
      for (const entry of plain) if (!isRemoval(entry.value)) yield entry;
      return;
    }
    yield* overlay(plain, this.#packedEntries(span), isReverse);
  }

  /** How many entries there are from one key, inclusive, to another, exclusive. */
  count(from: Buffer, to: Buffer): number {
    let count = 0;
    if (this.#hasBlocks)
      for (const { key, value } of this.#blocks.getRange({ start: from, end: to }))
        count += headOf(key, value).count;
    for (const { key, value } of this.plain.getRange({ start: from, end: to })) {
      const isPacked = this.#packedValue(key) !== undefined;
      if (isRemoval(value)) count -= isPacked ? 1 : 0;
      else if (!isPacked) count++;
    }
    return count;
  }

  /**
   * Removes up to so many blocks and as many entries of whole groups.
   *
   * @returns whether that was all
   */
  removeSome(from: Buffer, to: Buffer, most: number): boolean {
    const range = { start: from, end: to, limit: most };
    const [blocks, keys] = [this.#blocks, this.plain].map((db) => [...db.getKeys(range)]);
    for (const key of blocks ?? []) this.#blocks.removeSync(key);
    for (const key of keys ?? []) this.plain.removeSync(key);
    return (blocks?.length ?? 0) < most && (keys?.length ?? 0) < most;
  }

  /** How many entries are not packed. */
  plainCount(): number {
    return (this.plain.getStats() as Readonly<{ entryCount: number }>).entryCount;
  }

  /** How LMDB keeps the blocks. */
  blockStats(): object {
    return this.#blocks.getStats();
  }

  /** The last block that does not begin behind a key, in the key's group. */
  blockAt(key: Buffer): Packed | undefined {
    if (!this.#hasBlocks) return undefined;
    for (const found of this.#blocks.getRange({ start: key, reverse: true, limit: 1 }))
      if (this.isOneGroup(found.key, key))
        return { key: found.key, bytes: found.value, head: headOf(found.key, found.value) };
    return undefined;
  }

  /** Where the next block behind a key begins. */
  nextBlockKey(key: Buffer): Buffer | undefined {
    if (!this.#hasBlocks) return undefined;
    const [next] = this.#blocks.getKeys({ start: key, exclusiveStart: true, limit: 1 });
    return next;
  }

  isOneGroup(a: Buffer, b: Buffer): boolean {
    const { groupBytes } = this.options;
    return a.compare(b, 0, groupBytes, 0, groupBytes) === 0;
  }

  /** The last key of all. */
  lastKey(): Buffer | undefined {
    const { from, end } = this.options;
    for (const { key } of this.entries({ from, to: end, isReverse: true })) return key;
    return undefined;
  }

  putBlock(key: Buffer, bytes: Buffer): void {
    this.#blocks.putSync(key, bytes);
    this.#hasBlocks = true;
  }

  removeBlock(key: Buffer): void {
    this.#blocks.removeSync(key);
  }

  /** The entries of a block. */
  open({ key, bytes, head }: Packed): Block {
    const name = key.toString('latin1');
    const cached = this.#cache.get(name);
    // A block may be written anew under the same key, or not be committed in the end.
    if (cached?.bytes.equals(bytes)) return cached.block;
    const block = new Block(key, bytes, head);
    this.#cache.set(name, { bytes, block });
    return block;
  }

  #packedValue(key: Buffer): Buffer | undefined {
    const found = this.blockAt(key);
    return found && Buffer.compare(key, found.head.lastKey) <= 0
      ? this.open(found).get(key)
      : undefined;
  }

  #packedEntries(span: Span): Generator<Entry, void> {
    return span.isReverse ? this.#packedBackwards(span) : this.#packedForwards(span);
  }

  *#packedForwards({ from, to, isAfterFrom = false }: Span): Generator<Entry, void> {
    const first = this.blockAt(from);
    if (first && Buffer.compare(from, first.head.lastKey) <= 0) {
      const block = this.open(first);
      for (let at = block.indexOf(from); at < block.count; at++) {
        const entry = block.at(at);
        if (Buffer.compare(entry.key, to) >= 0) return;
        if (!isAfterFrom || !entry.key.equals(from)) yield entry;
      }
    }
    const rest = { start: from, end: to, exclusiveStart: first?.key.equals(from) ?? false };
    for (const { key, value } of this.#blocks.getRange(rest)) {
      const block = this.open({ key, bytes: value, head: headOf(key, value) });
      for (let at = 0; at < block.count; at++) {
        const entry = block.at(at);
        if (Buffer.compare(entry.key, to) >= 0) return;
        yield entry;
      }
    }
  }

  *#packedBackwards({ from, to, isAfterFrom = false }: Span): Generator<Entry, void> {
    for (const { key, value } of this.#blocks.getRange({
      ...{ start: to, reverse: true, exclusiveStart: true },
    })) {
      const head = headOf(key, value);
      if (Buffer.compare(head.lastKey, from) < 0) return;
      const block = this.open({ key, bytes: value, head });
      for (let at = block.indexOf(to) - 1; at >= 0; at--) {
        const entry = block.at(at);
        const order = Buffer.compare(entry.key, from);
        if (order < 0 || (order === 0 && isAfterFrom)) return;
        yield entry;
      }
    }
  }
}
