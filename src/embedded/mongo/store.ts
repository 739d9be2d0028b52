import { open, type RootDatabase } from 'lmdb';

/** An entry of the store; the bytes are copies and stay valid. */
export type Entry = Readonly<{ key: Buffer; value: Buffer }>;

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

/**
 * The ordered map of bytes that everything is kept in: one LMDB environment with one tree.
 *
 * Reads see what is committed, or inside a write what that write has done. Ranges are read in
 * chunks, so that no LMDB transaction stays open while a reader pauses; a reader that goes on after
 * others have written reads anew from where it was.
 */
export class Store {
  readonly #db: RootDatabase<Buffer, Buffer>;
  // Goes up with every transaction, when its job runs and when it is committed.
  #changes = 0;

  /** @param path the folder that holds the store; created if need be */
  constructor(path: string) {
    this.#db = open<Buffer, Buffer>(path, {
      keyEncoding: 'binary',
      encoding: 'binary',
      // The flush runs on LMDB's own thread after the commit, and a crash between the two falls
      // back to the last flushed state. It is the default except on Windows.
      overlappingSync: true,
      // Otherwise lmdb begins each batch with an operation whose promise nobody gets to see, and
      // whose rejection, when a commit fails, would end the thread.
      eventTurnBatching: false,
      noSubdir: false,
      maxDbs: 1,
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
      return await this.#db.childTransaction(() => {
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
    return this.#db.getBinary(key);
  }

  /** Only inside {@link write}. */
  put(key: Buffer, value: Buffer): void {
    this.#db.putSync(key, value);
  }

  /** Only inside {@link write}. */
  remove(key: Buffer): void {
    this.#db.removeSync(key);
  }

  /** The entries of a range, values included. */
  *entries({ from, to, isReverse = false, isOne = false }: KeyRange): Generator<Entry> {
    if (isOne) {
      const value = this.get(from);
      if (value) yield { key: from, value };
      return;
    }
    const edges = { start: isReverse ? to : from, end: isReverse ? from : to };
    let exclusiveStart = isReverse;
    for (let limit = 8; ; limit = Math.min(limit * 4, largestChunk)) {
      const changes = this.#changes;
      const chunk: Entry[] = [];
      let bytes = 0;
      const range = {
        ...edges,
        limit,
        reverse: isReverse,
        exclusiveStart,
        inclusiveEnd: isReverse,
      };
      for (const entry of this.#db.getRange(range)) {
        chunk.push(entry);
        bytes += entry.value.length;
        if (bytes > chunkBytes) break;
      }
      for (const entry of chunk) {
        edges.start = entry.key;
        exclusiveStart = true;
        yield entry;
        if (changes !== this.#changes) break;
      }
      const isWhole = chunk.length < limit && bytes <= chunkBytes;
      if (chunk.length === 0 || (isWhole && edges.start === chunk.at(-1)?.key)) return;
    }
  }

  /** How many entries a range has. */
  count({ from, to }: KeyRange): number {
    return this.#db.getKeysCount({ start: from, end: to });
  }

  /** The bytes that the store takes on disk, free pages included. */
  sizeOnDisk(): number {
    const { pageSize, lastPageNumber } = this.#db.getStats() as Readonly<Record<string, number>>;
    return (pageSize ?? 0) * ((lastPageNumber ?? 0) + 1);
  }

  /** Waits for writes under way and gives the files back. */
  async close(): Promise<void> {
    await this.#db.close();
  }
}
