import { randomBytes } from 'node:crypto';
import { Long } from 'bson';
import { CommandError } from './errors.js';
import { pacer } from './pace.js';
import { maxDocumentBytes } from './raw.js';

/** Documents as they go to the client; undefined where a search only paused. */
export type Results = Iterator<Buffer | undefined, void, void>;

/** A result that has not been read to its end. */
export type Cursor = {
  readonly ns: string;
  readonly results: Results;
  /** Throws when what was read is not the whole of it. */
  readonly check: () => void;
  /** Read already and found not to fit the batch before. */
  held?: Buffer | undefined;
  isBusy: boolean;
  lastUsed: number;
};

const idleMilliseconds = 10 * 60_000;

/**
 * Takes the next documents, at most so many and at most 16 MiB, letting other work go first now
 * and then.
 *
 * @returns the batch, and whether the result ended with it
 */
export const takeBatch = async (
  cursor: Cursor,
  most: number,
): Promise<Readonly<{ batch: Buffer[]; isDone: boolean }>> => {
  const pause = pacer();
  const batch: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const held = cursor.held;
    const next = held ? { value: held, done: false } : cursor.results.next();
    if (next.done) {
      cursor.check();
      return { batch, isDone: true };
    }
    if (next.value) {
      const isFull =
        batch.length >= most || (bytes > 0 && bytes + next.value.length > maxDocumentBytes);
      cursor.held = isFull ? next.value : undefined;
      if (isFull) {
        cursor.check();
        return { batch, isDone: false };
      }
      batch.push(next.value);
      bytes += next.value.length;
    }
    await pause();
  }
};

/** The cursors that clients have open. One that nobody asks for during ten minutes is dropped. */
export class Cursors {
  readonly #open = new Map<string, Cursor>();
  readonly #now: () => number;
  readonly #sweeper: NodeJS.Timeout;

  /** @param now the clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#sweeper = setInterval(() => this.dropIdle(), 60_000).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  create(ns: string, results: Results, check: () => void): Cursor {
    return { ns, results, check, isBusy: false, lastUsed: this.#now() };
  }

  /** Keeps a cursor for later and gives it an id. */
  keep(cursor: Cursor): Long {
    // Never zero, which means that there is nothing more.
    const id = Long.fromBigInt((randomBytes(8).readBigUInt64BE() >> 1n) | 1n);
    this.#open.set(id.toString(), cursor);
    return id;
  }

  /** @throws CommandError CursorNotFound */
  get(id: Long, ns: string): Cursor {
    const cursor = this.#open.get(id.toString());
    if (!cursor || cursor.ns !== ns)
      throw new CommandError('CursorNotFound', `cursor id ${id} not found`);
    if (cursor.isBusy) throw new CommandError('CursorInUse', `cursor id ${id} is already in use`);
    cursor.lastUsed = this.#now();
    return cursor;
  }

  /** True if there was one. */
  drop(id: Long): boolean {
    return this.#open.delete(id.toString());
  }

  /** Drops those that nobody asked for during the last ten minutes. */
  dropIdle(): void {
    for (const [id, { lastUsed, isBusy }] of this.#open)
      if (!isBusy && this.#now() - lastUsed > idleMilliseconds) this.#open.delete(id);
  }

  close(): void {
    clearInterval(this.#sweeper);
    this.#open.clear();
  }
}
