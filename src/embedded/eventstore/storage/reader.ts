import { LRUCache } from 'lru-cache';
import { growingTo } from '../../../growing-to.js';
import type { EventIndex } from './event-index.js';
import type { EventLog, PageLimit } from './event-log.js';
import { isHidden } from './hidden-streams.js';
import type { LogEntry } from './log-entry.js';
import { isMetastream, metastreamOf, originalOf, type StreamHead } from './stream-head.js';
import {
  isSoftDeleted,
  noSettings,
  parseSettings,
  type StreamSettings,
} from './stream-settings.js';
import { isDerived, linkIn } from './system-streams.js';

/** One page of a read. The next one starts at `next`; behind the last one `isEnd` is set. */
export type Page = Readonly<{ entries: readonly LogEntry[]; next: number; isEnd: boolean }>;

/** A link and what it points to, if that can be seen. */
export type ResolvedLink = Readonly<{ link: LogEntry; target: LogEntry | undefined }>;

type Visibility = Readonly<{ firstRevision: number; notBefore: number }>;

const everything: Visibility = { firstRevision: 0, notBefore: 0 };
const cachedSettings = 10_000;

/** Reads the log by stream or as a whole, a page at a time; no page leaves anything open behind it. */
export class Reader {
  readonly #log: EventLog;
  readonly #index: EventIndex;
  readonly #settings = new LRUCache<number, StreamSettings>(growingTo(cachedSettings));

  constructor(log: EventLog, index: EventIndex) {
    this.#log = log;
    this.#index = index;
  }

  get lastPosition(): number {
    return this.#log.lastPosition;
  }

  head(stream: string): StreamHead | undefined {
    return this.#index.head(stream);
  }

  /** The newest revision; -1 for a stream without events. */
  lastRevision(stream: string): number {
    return this.#index.head(stream)?.lastRevision ?? -1;
  }

  isTombstoned(stream: string): boolean {
    if (this.#index.head(stream)?.isTombstoned) return true;
    return isMetastream(stream) && this.isTombstoned(originalOf(stream));
  }

  /** Whether there is a stream to read from: it has events and was not deleted since. */
  exists(stream: string): boolean {
    return this.#index.head(stream) !== undefined && !isSoftDeleted(this.settings(stream));
  }

  settings(stream: string): StreamSettings {
    if (isMetastream(stream)) return { maxCount: 1 };
    const position = this.#index.head(metastreamOf(stream))?.lastPosition;
    if (position === undefined) return noSettings;
    let settings = this.#settings.get(position);
    if (!settings) {
      const metadata = this.#log.get(position);
      settings = metadata ? parseSettings(metadata.data) : noSettings;
      this.#settings.set(position, settings);
    }
    return settings;
  }

  /** The events of a stream that its metadata lets see, from a revision on. */
  streamForwards(stream: string, from: number, limit: PageLimit): Page {
    return this.#forwards(stream, from, limit, this.#visibility(stream));
  }

  /** All events of a stream from a revision on, whatever its metadata says. */
  wholeStreamForwards(stream: string, from: number, limit: PageLimit): Page {
    return this.#forwards(stream, from, limit, everything);
  }

  /** The visible events of a stream from a revision down. */
  streamBackwards(stream: string, from: number, limit: PageLimit): Page {
    const visibility = this.#visibility(stream);
    const newest = Math.min(from, this.lastRevision(stream));
    const oldest = Math.max(visibility.firstRevision, newest - limit.events + 1);
    if (newest < oldest) return { entries: [], next: -1, isEnd: true };
    const positions = this.#index.positions(stream, oldest, newest - oldest + 1);
    const places = { stream, first: newest, step: -1 };
    const { entries, taken } = this.#load(places, positions.toReversed(), limit, visibility);
    const next = newest - taken;
    return { entries, next, isEnd: next < visibility.firstRevision };
  }

  /** The events of the log from a position on, that one included. */
  allForwards(from: number, limit: PageLimit): Page {
    const end = this.#log.lastPosition;
    if (from > end) return { entries: [], next: from, isEnd: true };
    const entries = this.#log.readForwards(from, limit);
    const next = (entries.at(-1)?.position ?? end) + 1;
    return { entries: entries.filter(isVisible), next, isEnd: next > end };
  }

  /** The events of the log before a position, newest first. */
  allBackwards(before: number, limit: PageLimit): Page {
    const entries = this.#log.readBackwards(before, limit);
    const next = entries.at(-1)?.position ?? 0;
    return { entries: entries.filter(isVisible), next, isEnd: next <= 1 };
  }

  /** Whether metadata lets an event of a stream that goes on be seen. */
  canSee({ stream, revision, created }: LogEntry): boolean {
    const { firstRevision, notBefore } = this.#visibility(stream);
    return revision >= firstRevision && created >= notBefore;
  }

  /** Follows a link, one step. @returns undefined for what is no link, or none that can be read */
  resolve(link: LogEntry): ResolvedLink | undefined {
    if (!link.isLink) return undefined;
    const [, revision, stream] = /^(\d+)@(.*)$/s.exec(link.data.toString()) ?? [];
    if (revision === undefined || stream === undefined) return undefined;
    return { link, target: this.#visibleEvent(stream, Number(revision)) };
  }

  #visibleEvent(stream: string, revision: number): LogEntry | undefined {
    const head = this.#index.head(stream);
    if (!head || revision > head.lastRevision || this.isTombstoned(stream)) return undefined;
    return this.streamForwards(stream, revision, { events: 1, bytes: 0 }).entries.find(
      (entry) => entry.revision === revision,
    );
  }

  #forwards(stream: string, from: number, limit: PageLimit, visibility: Visibility): Page {
    const last = this.lastRevision(stream);
    const start = Math.max(from, visibility.firstRevision);
    if (start > last) return { entries: [], next: Math.max(from, last + 1), isEnd: true };
    const positions = this.#index.positions(stream, start, limit.events);
    const places = { stream, first: start, step: 1 };
    const { entries, taken } = this.#load(places, positions, limit, visibility);
    const next = start + taken;
    return { entries, next, isEnd: next > last };
  }

  #load(
    { stream, first, step }: Readonly<{ stream: string; first: number; step: number }>,
    positions: readonly number[],
    limit: PageLimit,
    { notBefore }: Visibility,
  ) {
    const isLinks = isDerived(stream);
    const entries: LogEntry[] = [];
    let taken = 0;
    let bytes = 0;
    for (const position of positions) {
      const stored = this.#log.get(position);
      const entry = stored && isLinks ? linkIn(stream, first + taken * step, stored) : stored;
      taken++;
      if (!entry || (notBefore > 0 && entry.created < notBefore)) continue;
      entries.push(entry);
      bytes += entry.bytes.length;
      if (bytes >= limit.bytes) break;
    }
    return { entries, taken };
  }

  #visibility(stream: string): Visibility {
    const { maxCount, maxAge, truncateBefore } = this.settings(stream);
    const kept = maxCount === undefined ? 0 : this.lastRevision(stream) - maxCount + 1;
    return {
      firstRevision: Math.max(0, kept, truncateBefore ?? 0),
      notBefore: maxAge === undefined ? 0 : Date.now() - maxAge * 1000,
    };
  }
}

const isVisible = (entry: LogEntry) => !entry.isOfSystemStream || !isHidden(entry.stream);
