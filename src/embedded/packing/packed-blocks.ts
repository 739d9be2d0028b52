import type { Database, RootDatabase } from 'lmdb';
import { LRUCache } from 'lru-cache';
import { after } from './after.js';
import { Block, type BlockHead, type Entry, headOf } from './block.js';
import { pageBytes } from './cut-blocks.js';
import { Directory } from './directory.js';

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

export type BlocksOptions = Readonly<{
  /** The name of the table. */
  name: string;
  /** Keys that begin alike in so many bytes lie together: no block holds two groups. */
  groupBytes: number;
  /** How much memory inflated blocks may take. */
  cacheBytes: number;
}>;

/** The packed entries of a tree: a table of blocks, each under the key of its first entry. */
export class PackedBlocks {
  readonly #env: RootDatabase<Buffer, Buffer>;
  readonly #groupBytes: number;
  readonly #blocks: Database<Buffer, Buffer>;
  // What is remembered of blocks holds as long as none is written. While some are, a read may see what
  // was there before or what comes after: nothing is remembered then.
  readonly #opened: LRUCache<Packed, Block>;
  readonly #read: LRUCache<Buffer, Packed>;
  readonly #directories = new Map<string, Directory>();
  readonly #changed: Buffer[] = [];
  #changesNow = 0;
  #hasBlocks: boolean;

  constructor(env: RootDatabase<Buffer, Buffer>, options: BlocksOptions) {
    this.#env = env;
    this.#groupBytes = options.groupBytes;
    const maxSize = options.cacheBytes;
    this.#opened = new LRUCache({ maxSize, sizeCalculation: ({ bytes }) => bytes });
    this.#read = new LRUCache({ maxSize: maxSize / 4, sizeCalculation: () => pageBytes });
    this.#blocks = env.openDB<Buffer, Buffer>({
      name: options.name,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    // To count keys, lmdb walks through all of them.
    const [first] = this.#blocks.getKeys({ limit: 1 });
    this.#hasBlocks = first !== undefined;
  }

  isEmpty(): boolean {
    return !this.#hasBlocks;
  }

  /** The packed value under a key. */
  value(key: Buffer): Buffer | undefined {
    const found = this.at(key);
    return found && Buffer.compare(key, found.head.lastKey) <= 0
      ? this.open(found).get(key)
      : undefined;
  }

  /** The packed entries of a span in order. */
  entries(span: Span): Generator<Entry, void> {
    return span.isReverse ? this.#backwards(span) : this.#forwards(span);
  }

  /** How many entries are packed in the blocks that begin at keys from one, inclusive, to another, exclusive. */
  count(from: Buffer, to: Buffer): number {
    let count = 0;
    if (this.#hasBlocks)
      for (const { key, value } of this.#blocks.getRange({ start: from, end: to }))
        count += headOf(key, value).count;
    return count;
  }

  /**
   * Removes up to so many blocks of whole groups.
   *
   * @returns whether that was all
   */
  removeSome(from: Buffer, to: Buffer, most: number): boolean {
    const keys = [...this.#blocks.getKeys({ start: from, end: to, limit: most })];
    for (const key of keys) this.#blocks.removeSync(key);
    this.#directories.delete(this.#groupOf(from));
    return keys.length < most;
  }

  /** The table that the blocks are in. */
  get table(): Database<Buffer, Buffer> {
    return this.#blocks;
  }

  /**
   * Has a transaction write blocks.
   *
   * @param transact settles once the transaction has
   */
  async changing<Result>(transact: () => Promise<Result>): Promise<Result> {
    this.#changesNow++;
    try {
      return await transact();
    } finally {
      // What is read from here on is what was committed.
      this.#env.resetReadTxn();
      for (const key of this.#changed.splice(0))
        this.#directories
          .get(this.#groupOf(key))
          ?.change(key, this.#blocks.getBinary(key) !== undefined);
      this.#changesNow--;
    }
  }

  /** The last block that does not begin behind a key, or where asked for before it, in the key's group. */
  at(key: Buffer, isBefore = false): Packed | undefined {
    if (!this.#hasBlocks) return undefined;
    const first =
      this.#changesNow === 0
        ? this.#directoryOf(key).floor(key, isBefore)
        : this.#floor(key, isBefore);
    return first && this.#readBlock(first);
  }

  /** Where the next block behind a key begins. */
  nextKey(key: Buffer): Buffer | undefined {
    if (!this.#hasBlocks) return undefined;
    const [next] = this.#blocks.getKeys({ start: key, exclusiveStart: true, limit: 1 });
    return next;
  }

  /** Whether keys are of one group, so that one block may hold both. */
  isOneGroup(a: Buffer, b: Buffer): boolean {
    const groupBytes = this.#groupBytes;
    return a.compare(b, 0, groupBytes, 0, groupBytes) === 0;
  }

  /** Writes a block, within what {@link PackedBlocks.changing} waits for. */
  put(key: Buffer, bytes: Buffer): void {
    this.#blocks.putSync(key, bytes);
    this.#changed.push(key);
    this.#hasBlocks = true;
  }

  remove(key: Buffer): void {
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
    return key.toString('latin1', 0, this.#groupBytes);
  }

  #directoryOf(key: Buffer): Directory {
    const group = this.#groupOf(key);
    const known = this.#directories.get(group);
    if (known) return known;
    const from = key.subarray(0, this.#groupBytes);
    const directory = new Directory(this.#blocks, from, after(from));
    this.#directories.set(group, directory);
    return directory;
  }

  #readBlock(key: Buffer): Packed | undefined {
    const known = this.#read.get(key);
    if (known) return known;
    const bytes = this.#blocks.getBinary(key);
    const packed = bytes && { key, bytes, head: headOf(key, bytes) };
    if (packed && this.#changesNow === 0) this.#read.set(key, packed);
    return packed;
  }

  *#forwards({ from, to, isAfterFrom = false }: Span): Generator<Entry, void> {
    const first = this.at(from);
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
      const block = this.at(key);
      for (const entry of block ? this.open(block).entries() : []) {
        if (Buffer.compare(entry.key, to) >= 0) return;
        yield entry;
      }
    }
  }

  *#backwards({ from, to, isAfterFrom = false }: Span): Generator<Entry, void> {
    const isDone = (key: Buffer): boolean => {
      const order = Buffer.compare(key, from);
      return order < 0 || (order === 0 && isAfterFrom);
    };
    // The end of a span may be the beginning of the next group, in which there is nothing before it.
    let below = to;
    const first = this.at(to, true);
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
      const packed = this.at(key);
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
