import { join } from 'node:path';
import { open } from 'lmdb';
import type { Entry } from '../packing/block.js';
import { PackedTree } from '../packing/packed-tree.js';
import { type Packer, startPacker } from '../packing/packer.js';
import { closeSmaller } from '../packing/shrink.js';

/** Keys from `from` (inclusive) to `to` (exclusive), forwards or backwards. */
export type KeyRange = Readonly<{
  from: Buffer;
  to: Buffer;
  isReverse?: boolean;
  /** The only key there can be in this range is `from`. */
  isOne?: boolean;
}>;

const chunkBytes = 1024 * 1024;
const largestChunk = 512;

/** Keys begin with the number of a segment. The first one is the catalogue's, which is read and not searched. */
const segmentBytes = 4;
const firstSegment = Buffer.from([0, 0, 0, 1]);
const endOfSegments = Buffer.from([0x70]);
const cacheBytes = 64 * 1024 * 1024;

/**
 * The ordered map of bytes that everything is kept in: one LMDB environment with one tree, of which
 * older parts are packed ({@link PackedTree}).
 *
 * Reads see what is committed, or inside a write what that write has done. Ranges are read in
 * chunks, so that no LMDB transaction stays open while a reader pauses; a reader that goes on after
 * others have written reads anew from where it was.
 */
export class Store {
  readonly #path: string;
  readonly #tree: PackedTree;
  readonly #packer: Packer;
  #written = 0;
  // Goes up with every transaction, when its job runs and when it is committed.
  #changes = 0;

  /** @param path the folder that holds the store; created if need be */
  constructor(path: string) {
    this.#path = path;
    const plain = open<Buffer, Buffer>(path, {
      keyEncoding: 'binary',
      encoding: 'binary',
      // The flush runs on LMDB's own thread after the commit, and a crash between the two falls
      // back to the last flushed state. It is the default except on Windows.
      overlappingSync: true,
      // Otherwise lmdb begins each batch with an operation whose promise nobody gets to see, and
      // whose rejection, when a commit fails, would end the thread.
      eventTurnBatching: false,
      noSubdir: false,
      maxDbs: 2,
    });
    this.#tree = new PackedTree(plain, {
      name: 'packed',
      groupBytes: segmentBytes,
      from: firstSegment,
      end: endOfSegments,
      cacheBytes,
    });
    this.#packer = startPacker({
      tree: this.#tree,
      transact: (job) => this.write(job),
      written: () => this.#written,
      least: 2_048,
      most: 65_536,
    });
  }

  /**
   * Runs a job in a transaction: all it writes is kept, or, where it throws, nothing. Jobs that
   * are asked for at the same time share one commit and one flush.
   *
   * @returns what the job returned, once it is committed and flushed to disk: lmdb settles an
   * asynchronous transaction after LMDB's commit, which with overlapping sync ends with the flush
   */
  async write<Result>(job: () => Result): Promise<Result> {
    try {
      return await this.#tree.plain.childTransaction(() => {
        this.#changes++;
        return job();
      });
    } catch (error) {
      // A commit that failed says why in a promise of its own.
      throw (
        (await (error as { commitError?: Promise<never> }).commitError?.catch((why) => why)) ??
        error
      );
    } finally {
      this.#changes++;
    }
  }

  get(key: Buffer): Buffer | undefined {
    return this.#tree.get(key);
  }

  /** Only inside {@link write}. */
  put(key: Buffer, value: Buffer): void {
    this.#written++;
    this.#tree.put(key, value);
  }

  /** Only inside {@link write}. */
  remove(key: Buffer): void {
    this.#written++;
    this.#tree.remove(key);
  }

  /**
   * Removes up to so many entries and blocks of a range that is whole segments. Only inside {@link write}.
   *
   * @returns whether that was all
   */
  removeSome({ from, to }: KeyRange, most: number): boolean {
    this.#written++;
    return this.#tree.removeSome(from, to, most);
  }

  /** The entries of a range, values included. */
  *entries({ from, to, isReverse = false, isOne = false }: KeyRange): Generator<Entry> {
    if (isOne) {
      const value = this.get(from);
      if (value) yield { key: from, value };
      return;
    }
    const rest = { from, to, isReverse, isAfterFrom: false };
    for (let limit = 8; ; limit = Math.min(limit * 4, largestChunk)) {
      const changes = this.#changes;
      const chunk: Entry[] = [];
      let bytes = 0;
      let isWhole = true;
      for (const entry of this.#tree.entries(rest)) {
        chunk.push(entry);
        bytes += entry.value.length;
        if (chunk.length < limit && bytes <= chunkBytes) continue;
        isWhole = false;
        break;
      }
      let read = 0;
      for (const entry of chunk) {
        if (isReverse) rest.to = entry.key;
        else Object.assign(rest, { from: entry.key, isAfterFrom: true });
        read++;
        yield entry;
        if (changes !== this.#changes) break;
      }
      if (isWhole && read === chunk.length) return;
    }
  }

  /** The first entry of a range; the last one where it is read backwards. */
  first(range: Pick<KeyRange, 'from' | 'to' | 'isReverse'>): Entry | undefined {
    for (const entry of this.#tree.entries({ isReverse: false, ...range })) return entry;
    return undefined;
  }

  /** How many entries a range has. */
  count({ from, to }: KeyRange): number {
    return this.#tree.count(from, to);
  }

  /** The bytes that the store takes on disk, free pages included. */
  sizeOnDisk(): number {
    const { pageSize, lastPageNumber } = this.#tree.plain.getStats() as Readonly<
      Record<string, number>
    >;
    return (pageSize ?? 0) * ((lastPageNumber ?? 0) + 1);
  }

  /** Waits for writes under way and gives the files back. */
  async close(): Promise<void> {
    await this.#packer.stop();
    const { plain, tables } = this.#tree;
    await closeSmaller(plain, join(this.#path, 'data.mdb'), tables);
  }
}
