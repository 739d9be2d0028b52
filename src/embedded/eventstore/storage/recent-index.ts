import { tombstoneRevision } from '../wire/recorded-event.js';
import type { LogEntry } from './log-entry.js';
import type { StreamHead } from './stream-head.js';

/** What a {@link RecentIndex} knows of one stream. */
export type RecentStream = {
  head: StreamHead;
  /** The revision of the first position. */
  readonly firstRevision: number;
  readonly positions: number[];
  /** Event ids to revisions. Derived streams have none. */
  readonly ids: Map<string, number>;
};

/** The index of the newest events, in memory until the index file holds them. */
export class RecentIndex {
  readonly streams = new Map<string, RecentStream>();
  readonly #headOf: (stream: string) => StreamHead | undefined;
  readonly #newNumber: () => number;
  #events = 0;
  #through = 0;

  /**
   * @param headOf a stream's head, here or in older parts of the index
   * @param newNumber numbers a stream that has none yet
   */
  constructor(headOf: (stream: string) => StreamHead | undefined, newNumber: () => number) {
    this.#headOf = headOf;
    this.#newNumber = newNumber;
  }

  get events(): number {
    return this.#events;
  }

  /** The last position in here. */
  get through(): number {
    return this.#through;
  }

  /**
   * @param entry the event after the last one added
   * @param derived the derived streams that it has a link in
   */
  add(entry: LogEntry, derived: readonly string[]): void {
    const { position } = entry;
    const own = this.#extend(entry.stream, position, entry.revision === tombstoneRevision);
    own.ids.set(entry.id, own.head.lastRevision);
    for (const stream of derived) this.#extend(stream, position, false);
    this.#events++;
    this.#through = position;
  }

  #extend(stream: string, position: number, isTombstoned: boolean): RecentStream {
    const before = this.#headOf(stream);
    const revision = (before?.lastRevision ?? -1) + 1;
    const number = before?.number ?? this.#newNumber();
    const head = { number, lastRevision: revision, lastPosition: position, isTombstoned };
    const known = this.streams.get(stream);
    if (known) {
      known.head = head;
      known.positions.push(position);
      return known;
    }
    const added = { head, firstRevision: revision, positions: [position], ids: new Map() };
    this.streams.set(stream, added);
    return added;
  }
}
