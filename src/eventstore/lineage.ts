import { LRUCache } from 'lru-cache';
import { type Adoption, adoptionIn, type Segment, type StreamForked } from '../domain/fork.js';
import {
  type EventStore,
  type ExpectedRevision,
  type NewEvent,
  RevisionConflict,
  type StoredEvent,
} from './event-store.js';

export type LogicalReadOptions = Readonly<{
  /** Lowest revision to read; 0 by default. */
  from?: number;
  /** Highest revision to read, inclusive; the head by default. */
  through?: number;
  direction?: 'forwards' | 'backwards';
  limit?: number;
}>;

/**
 * Streams as users see them: a fork reads as its inherited events followed by its own, under
 * revisions that run on. Nothing is copied: reading a fork reads the segments it consists of.
 */
export type Streams = Readonly<{
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
  ): Promise<Readonly<{ revision: number; position: number }>>;
  /** A stream's events, inherited ones included. @throws StreamTombstoned */
  read(stream: string, options?: LogicalReadOptions): AsyncIterable<StoredEvent>;
  /** What a stream inherits, oldest first: nothing for one that is no fork, undefined for one without events. */
  ancestryOf(stream: string): Promise<readonly Segment[] | undefined>;
  /** What a fork belongs to, where that is not what its ancestor belongs to. */
  adoptionOf(stream: string): Promise<Adoption | undefined>;
}>;

/** The revision of a stream's first own event. */
export const baseOf = (ancestry: readonly Segment[]): number =>
  (ancestry.at(-1)?.through ?? -1) + 1;

/**
 * The ancestry of a fork of `stream` at `at`: the segments up to there. A fork at an inherited
 * revision descends from the stream that wrote it, so depth never adds a segment without events.
 */
export const ancestryAt = (
  stream: string,
  ancestry: readonly Segment[],
  at: number,
): readonly Segment[] => {
  const inherited = ancestry.findIndex(({ through }) => at <= through);
  return inherited < 0
    ? [...ancestry, { stream, through: at }]
    : [
        ...ancestry.slice(0, inherited),
        { stream: ancestry[inherited]?.stream ?? stream, through: at },
      ];
};

/** Adds lineage to an event store. `remembered` bounds how many streams' ancestries are kept in memory. */
export const withLineage = (store: EventStore, remembered = 50_000): Streams => {
  // Where a stream comes from never changes once it exists.
  const descents = new LRUCache<string, Descent>({ max: remembered });

  const descentOf = async (stream: string): Promise<Descent | undefined> => {
    const known = descents.get(stream);
    if (known) return known;
    for await (const first of store.read(stream, { from: 0, limit: 1 })) {
      const descent = descentIn(first);
      descents.set(stream, descent);
      return descent;
    }
    return undefined;
  };
  const ancestryOf = async (stream: string) => (await descentOf(stream))?.ancestry;

  return {
    ancestryOf,
    adoptionOf: async (stream) => (await descentOf(stream))?.adoption,
    append: async (stream, events, expected, base) => {
      // A fork begins at its base: what came before is not its own, and no place to append at.
      if (expected !== 'none' && expected < base) throw new RevisionConflict(stream, expected);
      const placed = base === 0 ? events : events.map((event) => onBase(event, base));
      const storeExpected = expected === 'none' ? 'none' : expected - base;
      const { storeRevision, position } = await store
        .append(stream, placed, storeExpected)
        .catch((error) => {
          throw error instanceof RevisionConflict ? new RevisionConflict(stream, expected) : error;
        });
      return { revision: storeRevision + base, position };
    },
    read: async function* (stream, options = {}) {
      const ancestry = await ancestryOf(stream);
      if (!ancestry) return;
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
          yield event;
          left -= 1;
        }
      }
    },
  };
};

type Descent = Readonly<{ ancestry: readonly Segment[]; adoption: Adoption | undefined }>;

const descentIn = ({ type, data }: StoredEvent): Descent => {
  if (type !== 'StreamForked') return { ancestry: [], adoption: undefined };
  // The codec has checked that the data is a fork's.
  const forked = data as StreamForked['data'];
  return { ancestry: forked.ancestry, adoption: adoptionIn(forked) };
};

const onBase = (event: NewEvent, base: number): NewEvent => ({
  ...event,
  metadata: { ...event.metadata, base },
});

/** A piece of one stored stream. `from` is counted by the store, undefined for the stream's end. */
type Part = Readonly<{ stream: string; from: number | undefined; count: number }>;

const partsOf = (
  stream: string,
  ancestry: readonly Segment[],
  { from = 0, through = Number.POSITIVE_INFINITY, direction = 'forwards' }: LogicalReadOptions,
): readonly Part[] => {
  const segments = [...ancestry, { stream, through: Number.POSITIVE_INFINITY }];
  const parts = segments.flatMap((segment, index): Part[] => {
    const base = index === 0 ? 0 : (segments[index - 1]?.through ?? 0) + 1;
    const low = Math.max(base, from);
    const high = Math.min(segment.through, through);
    if (low > high) return [];
    const first = direction === 'forwards' ? low : high;
    return [
      {
        stream: segment.stream,
        from: Number.isFinite(first) ? first - base : undefined,
        count: high - low + 1,
      },
    ];
  });
  return direction === 'forwards' ? parts : parts.reverse();
};
