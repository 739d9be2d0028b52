import { LRUCache } from 'lru-cache';
import { growingTo } from '../../../growing-to.js';
import type { EventLog } from './event-log.js';
import { IndexFile } from './index-file.js';
import type { LogEntry } from './log-entry.js';
import { RecentIndex } from './recent-index.js';
import type { StreamHead } from './stream-head.js';
import { derivedStreams } from './system-streams.js';

const eventsPerSave = 16_384;
// Saves lag behind under load; beyond this many events, writers wait.
const maxUnsaved = 4 * eventsPerSave;
const cachedHeads = 50_000;
const replayPage = { events: 4_096, bytes: 8 * 1024 * 1024 };

/**
 * Where every event of every stream is. New events are indexed in memory and move to the index file
 * many at a time and off the path of appends: a commit then costs the log's last pages, not a page
 * for each index entry. What the file lacks is indexed again from the log on opening.
 */
export class EventIndex {
  readonly #file: IndexFile;
  readonly #cache = new LRUCache<string, StreamHead>(growingTo(cachedHeads));
  #recent = this.#newRecent();
  #saving: RecentIndex | undefined;
  #saved: Promise<void> = Promise.resolve();
  #streamCount: number;
  #failure: unknown;

  constructor(folder: string, log: EventLog) {
    this.#file = new IndexFile(folder);
    this.#streamCount = this.#file.streamCount;
    let from = this.#file.through + 1;
    while (from <= log.lastPosition) {
      const page = log.readForwards(from, replayPage);
      for (const entry of page) this.#recent.add(entry, derivedStreams(entry));
      from = (page.at(-1)?.position ?? log.lastPosition) + 1;
    }
  }

  head(stream: string): StreamHead | undefined {
    const recent = this.#recent.streams.get(stream) ?? this.#saving?.streams.get(stream);
    if (recent) return recent.head;
    const cached = this.#cache.get(stream);
    if (cached) return cached;
    const stored = this.#file.head(stream);
    if (stored) this.#cache.set(stream, stored);
    return stored;
  }

  /** Up to `count` positions of a stream's events, from a revision on, in order. */
  positions(stream: string, from: number, count: number): readonly number[] {
    const head = this.head(stream);
    if (!head) return [];
    const found: number[] = [];
    for (const part of [this.#saving, this.#recent]) {
      const recent = part?.streams.get(stream);
      if (!recent || found.length >= count) continue;
      const missing = recent.firstRevision - from - found.length;
      if (found.length === 0 && missing > 0)
        found.push(...this.#file.positions(head.number, from, Math.min(missing, count)));
      const start = from + found.length - recent.firstRevision;
      found.push(...recent.positions.slice(start, start + count - found.length));
    }
    return found.length > 0 ? found : this.#file.positions(head.number, from, count);
  }

  /** The revision of the newest event of a stream that has the id. */
  revisionOf(stream: string, id: string): number | undefined {
    const head = this.head(stream);
    if (!head) return undefined;
    return (
      this.#recent.streams.get(stream)?.ids.get(id) ??
      this.#saving?.streams.get(stream)?.ids.get(id) ??
      this.#file.revisionOf(head.number, id)
    );
  }

  /**
   * Takes in events that are durable in the log.
   *
   * @returns the streams that have grown, derived ones included
   */
  add(entries: readonly LogEntry[]): ReadonlySet<string> {
    const grown = new Set<string>();
    for (const entry of entries) {
      const derived = derivedStreams(entry);
      this.#recent.add(entry, derived);
      grown.add(entry.stream);
      for (const stream of derived) grown.add(stream);
    }
    if (this.#recent.events >= eventsPerSave && !this.#saving) this.#save();
    return grown;
  }

  /**
   * Settles when memory has room for more events.
   *
   * @throws when it has not because the index file cannot be written
   */
  async room(): Promise<void> {
    while (this.#recent.events >= maxUnsaved) {
      if (this.#failure) this.#save();
      await this.#saved;
      if (this.#failure) throw this.#failure;
    }
  }

  /** The last position that the index file holds. */
  get savedThrough(): number {
    return this.#file.through;
  }

  /** Moves what memory holds to the file, if the file can be written. */
  async save(): Promise<void> {
    await this.#saved;
    if (this.#failure || this.#recent.events > 0) this.#save();
    await this.#saved;
  }

  /** Saves everything, if it can, and closes the file. */
  async close(): Promise<void> {
    await this.save();
    await this.#file.close();
  }

  #newRecent(): RecentIndex {
    return new RecentIndex(
      (stream) => this.head(stream),
      () => ++this.#streamCount,
    );
  }

  #save(): void {
    const saving = this.#saving ?? this.#recent;
    if (!this.#saving) this.#recent = this.#newRecent();
    this.#saving = saving;
    this.#failure = undefined;
    this.#saved = this.#file.save(saving, this.#streamCount).then(
      () => {
        for (const [stream, { head }] of saving.streams) this.#cache.set(stream, head);
        this.#saving = undefined;
      },
      (error: unknown) => {
        this.#failure = error;
      },
    );
  }
}
