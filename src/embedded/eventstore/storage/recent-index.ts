import { TOMBSTONE_REVISION } from '../wire/recorded-event.js';
import type { LogEntry } from './log-entry.js';
import type { StreamHead } from './stream-head.js';

/** What a {@link RecentIndex} knows of one stream. */
export type RecentStream = {
  head: StreamHead;
  /** The revision of the first position. */
  readonly firstRevision: number;
  readonly positions: number[];
  /** Event ids to revisions. */
  readonly ids: Map<string, number>;
};

/** The index of the newest events, in memory until the index file holds them. */
export class RecentIndex {
  readonly streams = new Map<string, RecentStream>();
  #events = 0;
  #through = 0;

  get events(): number {
    return this.#events;
  }

  /** The last position in here. */
  get through(): number {
    return this.#through;
  }

  /**
   * @param entry the event after the last one added
   * @param before the stream's head without it
   * @param newNumber numbers the stream if there was none
   */
  add(entry: LogEntry, before: StreamHead | undefined, newNumber: () => number): void {
    const { stream, position } = entry;
    const revision = (before?.lastRevision ?? -1) + 1;
    const head: StreamHead = {
      number: before?.number ?? newNumber(),
      lastRevision: revision,
      lastPosition: position,
      isTombstoned: entry.revision === TOMBSTONE_REVISION,
    };
    const known = this.streams.get(stream);
    if (known) {
      known.head = head;
      known.positions.push(position);
      known.ids.set(entry.id, revision);
    } else {
      this.streams.set(stream, {
        head,
        firstRevision: revision,
        positions: [position],
        ids: new Map([[entry.id, revision]]),
      });
    }
    this.#events++;
    this.#through = position;
  }
}
