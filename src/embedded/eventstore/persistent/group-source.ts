import type { PageLimit } from '../storage/event-log.js';
import { matcher } from '../storage/match-filter.js';
import type { Page, Reader } from '../storage/reader.js';
import { allStreams, type GroupConfig } from './group-config.js';
import type { Message } from './message.js';

const pageBytes = 1024 * 1024;

/**
 * Reads a group's source in order, from a place on, as messages. A stream's metadata hides what was
 * there before the group was loaded, but no event that came since; unless the group has fallen
 * behind by more than its live buffer: then what is there counts as history, as in EventStoreDB.
 */
export class GroupSource {
  readonly #reader: Reader;
  readonly #config: GroupConfig;
  readonly #matches: ReturnType<typeof matcher>;
  #next: number;
  /** The first revision that metadata does not hide. */
  #liveFrom: number;
  #lastKnown: number | undefined;
  #isAtEnd = false;

  /** @param next the place to go on from */
  constructor(reader: Reader, config: GroupConfig, next: number) {
    this.#reader = reader;
    this.#config = config;
    this.#matches = config.filter ? matcher(config.filter) : () => true;
    this.#next = next;
    this.#liveFrom = reader.lastRevision(config.source) + 1;
  }

  /** The first place not read yet. */
  get next(): number {
    return this.#next;
  }

  /** The place of the newest event read. */
  get lastKnown(): number | undefined {
    return this.#lastKnown;
  }

  /** Whether there was nothing more the last time. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** The next page. @returns its messages, and how many events the filter kept out */
  read(): Readonly<{ messages: Message[]; filteredOut: number }> {
    const { source, settings } = this.#config;
    const limit = { events: settings.readBatchSize, bytes: pageBytes };
    const page =
      source === allStreams
        ? this.#reader.allForwards(this.#next, limit)
        : this.#readStream(source, limit);
    const messages: Message[] = [];
    for (const entry of page.entries) {
      const place = source === allStreams ? entry.position : entry.revision;
      if (!Number.isFinite(place)) continue;
      this.#lastKnown = place;
      if (!this.#matches(entry)) continue;
      const resolved = settings.resolveLinks ? this.#reader.resolve(entry) : undefined;
      const isLink = resolved !== undefined;
      messages.push({ entry, target: resolved?.target, isLink, place, retryCount: 0 });
    }
    this.#next = page.next;
    this.#isAtEnd = page.isEnd;
    return { messages, filteredOut: page.entries.length - messages.length };
  }

  #readStream(stream: string, limit: PageLimit): Page {
    const end = this.#reader.lastRevision(stream) + 1;
    const waiting = end - Math.max(this.#next, this.#liveFrom);
    if (waiting > this.#config.settings.liveBufferSize) this.#liveFrom = end;
    const liveFrom = this.#liveFrom;
    if (this.#next >= liveFrom) return this.#reader.wholeStreamForwards(stream, this.#next, limit);
    const page = this.#reader.streamForwards(stream, this.#next, limit);
    const next = Math.min(page.next, liveFrom);
    const entries = page.entries.filter(({ revision }) => revision < liveFrom);
    return { entries, next, isEnd: next >= end };
  }
}
