import { join } from 'node:path';
import type { Span } from '../../packing/packed-blocks.js';
import { PackedTree } from '../../packing/packed-tree.js';
import { type Packer, startPacker } from '../../packing/packer.js';
import { closeSmaller } from '../../packing/shrink.js';
import { commit, type LmdbFile, openFile, transact } from './lmdb-file.js';
import { LogEntry } from './log-entry.js';
import { LogTail } from './log-tail.js';

const keySize = 6;
const fileName = 'log.mdb';
// Behind all positions, and shorter than they are: a version that knows no blocks refuses the file.
const tableOfBlocks = 'pack';
const behindAll = Buffer.from([1]);
const eventsWorthPacking = 64;
const eventsTooMany = 8_192;
const cachedBytes = 24 * 1024 * 1024;

const keyOf = (position: number): Buffer => {
  const key = Buffer.allocUnsafe(keySize);
  key.writeUIntBE(position, 0, keySize);
  return key;
};

/** How much one read may take: it runs without a pause, so this bounds memory and the event loop's wait. */
export type PageLimit = Readonly<{ events: number; bytes: number }>;

/**
 * Every event in the order of commits, in an LMDB file of its own. Keys only ever grow, so a commit
 * touches the last page of the tree and not much else; older events are packed ({@link PackedTree}).
 * It is the only truth: all indexes are made from it.
 */
export class EventLog {
  readonly #env: LmdbFile;
  readonly #tree: PackedTree;
  readonly #packer: Packer;
  readonly #path: string;
  #appended = 0;
  readonly #tail = new LogTail();
  #lastPosition: number;

  constructor(folder: string) {
    this.#path = join(folder, fileName);
    this.#env = openFile(folder, fileName);
    this.#tree = new PackedTree(this.#env, {
      name: tableOfBlocks,
      groupBytes: 0,
      from: keyOf(0),
      end: behindAll,
      cacheBytes: cachedBytes,
    });
    const lastKey = this.#tree.lastKey();
    this.#lastPosition = lastKey ? lastKey.readUIntBE(0, keySize) : 0;
    this.#packer = startPacker({
      tree: this.#tree,
      transact: (job) => transact(this.#env, job),
      written: () => this.#appended,
      least: eventsWorthPacking,
      most: eventsTooMany,
    });
  }

  /** The position of the newest durable event; 0 in an empty log. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  /**
   * Adds events in one transaction.
   *
   * @param entries the positions after {@link lastPosition}, without gaps
   * @returns once they are on disk
   */
  async append(entries: readonly LogEntry[]): Promise<void> {
    await commit(this.#env, () => {
      for (const { position, bytes } of entries) void this.#env.put(keyOf(position), bytes);
    });
    this.#lastPosition += entries.length;
    this.#appended += entries.length;
    this.#tail.add(entries);
  }

  /** @returns undefined for an event that was never there or was scavenged */
  get(position: number): LogEntry | undefined {
    if (position > this.#lastPosition) return undefined;
    const recent = this.#tail.get(position);
    if (recent) return recent;
    const bytes = this.#tree.get(keyOf(position));
    return bytes && new LogEntry(position, bytes);
  }

  /** Events from a position on, that position included. */
  readForwards(from: number, limit: PageLimit): readonly LogEntry[] {
    const recent = this.#tail.from(from, limit.events);
    if (recent) return recent;
    const to = keyOf(this.#lastPosition + 1);
    return this.#page(limit, { from: keyOf(from), to, isReverse: false });
  }

  /** Events before a position, newest first. */
  readBackwards(before: number, limit: PageLimit): readonly LogEntry[] {
    const newest = Math.min(before - 1, this.#lastPosition);
    if (newest < 1) return [];
    return this.#page(limit, { from: keyOf(0), to: keyOf(newest + 1), isReverse: true });
  }

  /** Takes events out of the log for good. */
  async remove(positions: readonly number[]): Promise<void> {
    await transact(this.#env, () => {
      for (const position of positions) this.#tree.remove(keyOf(position));
    });
    this.#tail.clear();
  }

  async close(): Promise<void> {
    await this.#packer.stop();
    await closeSmaller(this.#env, this.#path, this.#tree.tables);
  }

  #page(limit: PageLimit, span: Span) {
    const entries: LogEntry[] = [];
    let bytes = 0;
    // Read to its end or left within this turn: no read transaction outlives the page.
    for (const { key, value } of this.#tree.entries(span)) {
      entries.push(new LogEntry(key.readUIntBE(0, keySize), value));
      bytes += value.length;
      if (bytes >= limit.bytes || entries.length >= limit.events) break;
    }
    return entries;
  }
}
