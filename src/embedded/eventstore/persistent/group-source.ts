import { matcher } from '../storage/match-filter.js';
import type { Reader } from '../storage/reader.js';
import { ALL, type GroupConfig } from './group-config.js';
import type { Message } from './message.js';

const PAGE_BYTES = 1024 * 1024;

/** Reads a group's source in order, from a place on, as messages. */
export class GroupSource {
  readonly #reader: Reader;
  readonly #config: GroupConfig;
  readonly #matches: ReturnType<typeof matcher>;
  #next: number;
  #lastKnown: number | undefined;
  #isAtEnd = false;

  /** @param next the place to go on from */
  constructor(reader: Reader, config: GroupConfig, next: number) {
    this.#reader = reader;
    this.#config = config;
    this.#matches = config.filter ? matcher(config.filter) : () => true;
    this.#next = next;
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
    const limit = { events: settings.readBatchSize, bytes: PAGE_BYTES };
    const page =
      source === ALL
        ? this.#reader.allForwards(this.#next, limit)
        : this.#reader.streamForwards(source, this.#next, limit);
    const messages: Message[] = [];
    for (const entry of page.entries) {
      const place = source === ALL ? entry.position : entry.revision;
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
}
