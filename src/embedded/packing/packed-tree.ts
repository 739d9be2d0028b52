import type { Database, RootDatabase } from 'lmdb';
import { LRUCache } from 'lru-cache';
import { Block, type BlockHead, type Entry, headOf } from './block.js';
import { pageBytes } from './cut-blocks.js';
import { Directory } from './directory.js';
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
  /** How much memory inflated blocks may take. */
  cacheBytes: number;
}>;

/**
 * An ordered map of bytes in one LMDB environment: new entries as they are, older ones packed into
 * blocks ({@link Block}). An entry as it is comes before what a block has under the same key. A store
 * from before there were blocks is one in which nothing is packed yet.
 */
export class PackedTree {
  readonly plain: RootDatabase<Buffer, Buffer>;
  readonly options: TreeOptions;
  readonly #blocks: Database<Buffer, Buffer>;
  // What is remembered of blocks holds as long as none is written. While some are, a read may see what
  // was there before or what comes after: nothing is remembered then.
  readonly #opened: LRUCache<Packed, Block>;
  readonly #read: LRUCache<Buffer, Packed>;
  readonly #directories = new Map<string, Directory>();
  readonly #changed: Buffer[] = [];
  #packingNow = 0;
  #hasBlocks: boolean;

  constructor(plain: RootDatabase<Buffer, Buffer>, options: TreeOptions) {
    this.plain = plain;
    this.options = options;
    const maxSize = options.cacheBytes;
    this.#opened = new LRUCache({ maxSize, sizeCalculation: ({ bytes }) => bytes });
    this.#read = new LRUCache({ maxSize: maxSize / 4, sizeCalculation: () => pageBytes });
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
    this.#directories.delete(this.#groupOf(from));
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

  /**
   * Has a transaction write blocks.
   *
   * @param transact settles once the transaction has
   */
  async packing<Result>(transact: () => Promise<Result>): Promise<Result> {
    this.#packingNow++;
    try {
      return await transact();
    } finally {
      // What is read from here on is what was committed.
      this.plain.resetReadTxn();
      for (const key of this.#changed.splice(0))
        this.#directories
          .get(this.#groupOf(key))
          ?.change(key, this.#blocks.getBinary(key) !== undefined);
      this.#packingNow--;
    }
  }

  /** The last block that does not begin behind a key, or where asked for before it, in the key's group. */
  blockAt(key: Buffer, isBefore = false): Packed | undefined {
    if (!this.#hasBlocks) return undefined;
    const first =
      this.#packingNow === 0
        ? this.#directoryOf(key).floor(key, isBefore)
        : this.#floor(key, isBefore);
    return first && this.#readBlock(first);
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
    this.#changed.push(key);
    this.#hasBlocks = true;
  }

  removeBlock(key: Buffer): void {
    this.#blocks.removeSync(key);
    this.#changed.push(key);
  }

  /** The entries of a block. */
  open(packed: Packed): Block {
    const opened = this.#opened.get(packed);
    if (opened) return opened;
    const block = new Block(packed.key, packed.bytes, packed.head);
    this.#opened.set(packed, block);
    return block;
  }

  #floor(key: Buffer, isBefore: boolean): Buffer | undefined {
    const range = { start: key, reverse: true, exclusiveStart: isBefore, limit: 1 };
    const [first] = this.#blocks.getKeys(range);
    return first && this.isOneGroup(first, key) ? first : undefined;
  }

  #groupOf(key: Buffer): string {
    return key.toString('latin1', 0, this.options.groupBytes);
  }

  #directoryOf(key: Buffer): Directory {
    const group = this.#groupOf(key);
    const known = this.#directories.get(group);
    if (known) return known;
    const from = key.subarray(0, this.options.groupBytes);
    const directory = new Directory(this.#blocks, from, after(from));
    this.#directories.set(group, directory);
    return directory;
  }

  #readBlock(key: Buffer): Packed | undefined {
    const known = this.#read.get(key);
    if (known) return known;
    const bytes = this.#blocks.getBinary(key);
    const packed = bytes && { key, bytes, head: headOf(key, bytes) };
    if (packed && this.#packingNow === 0) this.#read.set(key, packed);
    return packed;
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
    for (const key of this.#blocks.getKeys(rest)) {
      const block = this.blockAt(key);
      for (const entry of block ? this.open(block).entries() : []) {
        if (Buffer.compare(entry.key, to) >= 0) return;
        yield entry;
      }
    }
  }

  *#packedBackwards({ from, to, isAfterFrom = false }: Span): Generator<Entry, void> {
    const isDone = (key: Buffer): boolean => {
      const order = Buffer.compare(key, from);
      return order < 0 || (order === 0 && isAfterFrom);
    };
    // The end of a span may be the beginning of the next group, in which there is nothing before it.
    let below = to;
    const first = this.blockAt(to, true);
    if (first) {
      const block = this.open(first);
      for (let at = block.indexOf(to) - 1; at >= 0; at--) {
        const entry = block.at(at);
        if (isDone(entry.key)) return;
        yield entry;
      }
      below = first.key;
    }
    const rest = { start: below, reverse: true, exclusiveStart: true };
    for (const key of this.#blocks.getKeys(rest)) {
      const packed = this.blockAt(key);
      if (!packed || Buffer.compare(packed.head.lastKey, from) < 0) return;
      const block = this.open(packed);
      for (let at = block.count - 1; at >= 0; at--) {
        const entry = block.at(at);
        if (isDone(entry.key)) return;
        yield entry;
      }
    }
  }
}

/** The first key behind all that begin with these bytes. */
const after = (prefix: Buffer): Buffer => {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end--;
  if (end === 0) return Buffer.from([0xff, 0xff]);
  const out = Buffer.from(prefix.subarray(0, end));
  out[end - 1] = (out[end - 1] ?? 0) + 1;
  return out;
};
