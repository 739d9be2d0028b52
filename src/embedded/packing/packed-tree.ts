import type { RootDatabase } from 'lmdb';
import type { Entry } from './block.js';
import { isRemoval, overlay, removal } from './overlay.js';
import { type BlocksOptions, PackedBlocks, type Span } from './packed-blocks.js';
import type { Table } from './shrink.js';

export type TreeOptions = BlocksOptions &
  Readonly<{
    /** Where what may be packed begins, and what comes behind all keys. */
    from: Buffer;
    end: Buffer;
  }>;

/**
 * An ordered map of bytes in one LMDB environment: new entries as they are, older ones packed into
 * blocks ({@link PackedBlocks}). An entry as it is comes before what a block has under the same key. A store
 * from before there were blocks is one in which nothing is packed yet.
 */
export class PackedTree {
  readonly plain: RootDatabase<Buffer, Buffer>;
  readonly options: TreeOptions;
  /** The entries that are packed. */
  readonly blocks: PackedBlocks;

  constructor(plain: RootDatabase<Buffer, Buffer>, options: TreeOptions) {
    this.plain = plain;
    this.options = options;
    this.blocks = new PackedBlocks(plain, options);
  }

  get(key: Buffer): Buffer | undefined {
    const value = this.plain.getBinary(key);
    return value ? (isRemoval(value) ? undefined : value) : this.blocks.value(key);
  }

  /** Inside a transaction, as all that writes. */
  put(key: Buffer, value: Buffer): void {
    this.plain.putSync(key, value);
  }

  remove(key: Buffer): void {
    if (this.blocks.value(key)) this.plain.putSync(key, removal);
    else this.plain.removeSync(key);
  }

  /** The entries of a span in order. To be read, or left, within one turn of the event loop. */
  *entries(span: Span): Generator<Entry, void> {
    const { from, to, isReverse, isAfterFrom = false } = span;
    const range = isReverse
      ? { start: to, end: from, reverse: true, exclusiveStart: true, inclusiveEnd: !isAfterFrom }
      : { start: from, end: to, exclusiveStart: isAfterFrom };
    const plain: Iterable<Entry> = this.plain.getRange(range);
    if (this.blocks.isEmpty()) {
      for (const entry of plain) if (!isRemoval(entry.value)) yield entry;
      return;
    }
    yield* overlay(plain, this.blocks.entries(span), isReverse);
  }

  /** How many entries there are from one key, inclusive, to another, exclusive. */
  count(from: Buffer, to: Buffer): number {
    let count = this.blocks.count(from, to);
    for (const { key, value } of this.plain.getRange({ start: from, end: to })) {
      const isPacked = this.blocks.value(key) !== undefined;
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
    const areBlocksGone = this.blocks.removeSome(from, to, most);
    const keys = [...this.plain.getKeys({ start: from, end: to, limit: most })];
    for (const key of keys) this.plain.removeSync(key);
    return areBlocksGone && keys.length < most;
  }

  /** What there is in the file. */
  get tables(): readonly Table[] {
    const { name, end } = this.options;
    return [
      { entries: this.plain, end },
      { name, entries: this.blocks.table },
    ];
  }

  /** How many entries are not packed. */
  plainCount(): number {
    return (this.plain.getStats() as Readonly<{ entryCount: number }>).entryCount;
  }

  /** The last key of all. */
  lastKey(): Buffer | undefined {
    const { from, end } = this.options;
    for (const { key } of this.entries({ from, to: end, isReverse: true })) return key;
    return undefined;
  }
}
