import { commit, type LmdbFile, openFile, putLast } from './lmdb-file.js';
import { LogEntry } from './log-entry.js';
import { LogTail } from './log-tail.js';

const KEY_SIZE = 6;

const keyOf = (position: number): Buffer => {
  const key = Buffer.allocUnsafe(KEY_SIZE);
  key.writeUIntBE(position, 0, KEY_SIZE);
  return key;
};

/** How much one read may take: it runs without a pause, so this bounds memory and the event loop's wait. */
export type PageLimit = Readonly<{ events: number; bytes: number }>;

/**
 * Every event in the order of commits, in an LMDB file of its own. Keys only ever grow, so a commit
 * touches the last page of the tree and not much else. It is the only truth: all indexes are made
 * from it.
 */
export class EventLog {
  readonly #env: LmdbFile;
  readonly #tail = new LogTail();
  #lastPosition: number;

  constructor(folder: string) {
    this.#env = openFile(folder, 'log.mdb');
    const [lastKey] = this.#env.getKeys({ reverse: true, limit: 1 });
    this.#lastPosition = lastKey ? lastKey.readUIntBE(0, KEY_SIZE) : 0;
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
      for (const { position, bytes } of entries) putLast(this.#env, keyOf(position), bytes);
    });
    this.#lastPosition += entries.length;
    this.#tail.add(entries);
  }

  /** @returns undefined for an event that was never there or was scavenged */
  get(position: number): LogEntry | undefined {
    if (position > this.#lastPosition) return undefined;
    const recent = this.#tail.get(position);
    if (recent) return recent;
    const bytes = this.#env.getBinary(keyOf(position));
    return bytes && new LogEntry(position, bytes);
  }

  /** Events from a position on, that position included. */
  readForwards(from: number, limit: PageLimit): readonly LogEntry[] {
    const recent = this.#tail.from(from, limit.events);
    if (recent) return recent;
    return this.#page(limit, { start: keyOf(from), end: keyOf(this.#lastPosition + 1) });
  }

  /** Events before a position, newest first. */
  readBackwards(before: number, limit: PageLimit): readonly LogEntry[] {
    const newest = Math.min(before - 1, this.#lastPosition);
    if (newest < 1) return [];
    return this.#page(limit, { start: keyOf(newest), reverse: true });
  }

  /** Takes events out of the log for good. */
  async remove(positions: readonly number[]): Promise<void> {
    await commit(this.#env, () => {
      for (const position of positions) void this.#env.remove(keyOf(position));
    });
    this.#tail.clear();
  }

  close(): Promise<void> {
    return this.#env.close();
  }

  #page(limit: PageLimit, range: { start: Buffer; end?: Buffer; reverse?: boolean }) {
    const entries: LogEntry[] = [];
    let bytes = 0;
    // Read to its end or left within this turn: no read transaction outlives the page.
    for (const { key, value } of this.#env.getRange({ ...range, limit: limit.events })) {
      entries.push(new LogEntry(key.readUIntBE(0, KEY_SIZE), value));
      bytes += value.length;
      if (bytes >= limit.bytes) break;
    }
    return entries;
  }
}
