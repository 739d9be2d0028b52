import { forkOfArchive } from '../domain/archive.js';
import type { Segment } from '../domain/fork.js';
import { withFields } from '../fields.js';
import { fromArchived } from './archived.js';
import { type Descents, descentsIn } from './descents.js';
import {
  type Appended,
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  RevisionConflict,
  type StoredEvent,
  StreamTombstoned,
} from './event-store.js';
import { type LogicalReadOptions, leftAfter, partsOf, type Read } from './parts.js';

/** Place of the last event of an append. */
export type Placed = Omit<Appended, 'storeRevision'> & Readonly<{ revision: number }>;

/**
 * Streams as users see them: a fork reads as its inherited events followed by its own, under
 * revisions that run on. Nothing is copied: reading a fork reads the segments it consists of. Once a
 * fork is detached, what it inherited is read in its archive, as it was where it was written.
 */
export type Streams = Descents &
  Readonly<{
    /**
     * Appends after a revision. `base` is that of {@link baseOf}, 0 for a stream that is no fork.
     *
     * @throws what {@link EventStore.append} throws
     */
    append(
      stream: string,
      events: readonly NewEvent[],
      expected: ExpectedRevision,
      base: number,
    ): Promise<Placed>;
    /** A stream's events, inherited ones included. @throws StreamTombstoned, StoreUnavailable, UndecodableEvent */
    read(stream: string, options?: LogicalReadOptions): AsyncIterable<StoredEvent>;
  }>;

/** The revision of a stream's first own event. */
export const baseOf = (ancestry: readonly Segment[]): number =>
  (ancestry.at(-1)?.through ?? -1) + 1;

/** Adds lineage to an event store. `remembered` bounds how many streams' ancestries are kept in memory. */
export const withLineage = (store: EventStore, remembered = 50_000): Streams => {
  const descents = descentsIn(store, remembered);

  async function* readAlong(
    stream: string,
    ancestry: readonly Segment[],
    options: LogicalReadOptions,
  ): AsyncGenerator<StoredEvent> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY } = options;
    let left = limit;
    for (const part of partsOf(stream, ancestry, options)) {
      if (left <= 0) return;
      const count = Math.min(part.count, left);
      const read = store.read(part.stream, {
        direction,
        ...(part.from !== undefined && { from: part.from }),
        ...(Number.isFinite(count) && { limit: count }),
      });
      for await (const event of read) {
        // Read backwards from past the head, the count may reach below the lowest revision asked for.
        if (event.revision < (options.from ?? 0)) return;
        yield fromArchived(event);
        left -= 1;
      }
    }
  }

  /**
   * The events of a stream that was not read before. Its first says where it comes from, for which it need
   * not be read beforehand: of a fork, which has other events before it, none is given.
   *
   * @returns whether it is a fork
   */
  async function* readUnknown(stream: string): AsyncGenerator<StoredEvent, boolean> {
    let isFirst = true;
    for await (const event of store.read(stream, { from: 0 })) {
      if (isFirst && descents.noteFirst(event).length > 0) return true;
      isFirst = false;
      yield event;
    }
    return false;
  }

  /** Whether what was read in an ancestor that is gone may be found elsewhere. */
  const isElsewhere = async (stream: string, error: unknown): Promise<boolean> =>
    error instanceof StreamTombstoned &&
    error.stream !== stream &&
    (await descents.lookForDetached(stream));

  return {
    ...descents,
    append: async (stream, events, expected, base) => {
      // A fork begins at its base: what came before is not its own, and no place to append at.
      if (expected !== 'none' && expected < base) throw new RevisionConflict(stream, expected);
      const placed = base === 0 ? events : events.map((event) => onBase(event, base));
      const storeExpected = expected === 'none' ? 'none' : expected - base;
      const {
        storeRevision,
        position,
        isGapless = false,
      } = await store.append(stream, placed, storeExpected).catch((error) => {
        throw error instanceof RevisionConflict ? new RevisionConflict(stream, expected) : error;
      });
      return { revision: storeRevision + base, position, isGapless };
    },
    read: async function* (stream, options = {}) {
      if (isWhole(options) && !descents.isKnown(stream)) {
        const isFork = yield* readUnknown(stream);
        if (!isFork) return;
      }
      let left = options;
      for (;;) {
        let read: Read | undefined;
        const ancestry = await descents.ancestryOf(stream);
        if (!ancestry) return;
        try {
          for await (const event of readAlong(stream, ancestry, left)) {
            read = { last: event.revision, count: (read?.count ?? 0) + 1 };
            yield event;
          }
          return;
        } catch (error) {
          if (!(await isElsewhere(stream, error))) throw asOfFork(error);
          if (read) left = leftAfter(left, read);
        }
      }
    },
  };
};

const isWhole = ({ from = 0, through, direction, limit }: LogicalReadOptions): boolean =>
  from === 0 && through === undefined && limit === undefined && direction !== 'backwards';

const onBase = (event: NewEvent, base: number): NewEvent =>
  withFields(event, { metadata: withFields(event.metadata, { base }) });

/** An archive goes together with its fork. */
const asOfFork = (error: unknown): unknown => {
  const fork = error instanceof StreamTombstoned ? forkOfArchive(error.stream) : undefined;
  return fork === undefined ? error : new StreamTombstoned(fork);
};
