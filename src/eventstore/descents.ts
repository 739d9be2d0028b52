import { LRUCache } from 'lru-cache';
import { archiveOf, forkOfArchive, settledAncestry } from '../domain/archive.js';
import { type Adoption, adoptionIn, type Segment, type StreamForked } from '../domain/fork.js';
import { growingTo } from '../growing-to.js';
import { type EventStore, type StoredEvent, StreamTombstoned } from './event-store.js';

/** Where streams come from. */
export type Descents = Readonly<{
  /** Where what a stream inherits lies, oldest first. What was detached meanwhile may not be known yet. */
  ancestryOf(stream: string): Promise<readonly Segment[] | undefined>;
  /** The streams that wrote what a stream inherits, whether or not it was copied since. */
  pedigreeOf(stream: string): Promise<readonly Segment[] | undefined>;
  /** What a fork belongs to, as of a revision that it holds; as of its first own event by default. */
  adoptionOf(stream: string, revision?: number): Promise<Adoption | undefined>;
  /** Whether where a stream comes from is known without a read. */
  isKnown(stream: string): boolean;
  /** Hears of a stream's first event. @returns where what the stream inherited lay when that was written */
  noteFirst(first: StoredEvent): readonly Segment[];
  /** Hears of forks that were detached. */
  noteDetached(streams: Iterable<string>): void;
  /** Hears of a stream that was deleted for good. */
  noteEnded(stream: string): void;
  /**
   * Asks the store which of a stream and its ancestors were detached: a read for each.
   *
   * @returns whether that was news
   */
  lookForDetached(stream: string): Promise<boolean>;
}>;

type Descent = Readonly<{ ancestry: readonly Segment[]; adoption: Adoption | undefined }>;

/**
 * Finds out where streams come from by their first events. A fork that was detached does not say so
 * there. Who has not heard of it reads its ancestors, which have the same events, until one of them is
 * gone: then it is asked for. `remembered` bounds how many streams are kept in memory.
 */
export const descentsIn = (store: EventStore, remembered: number): Descents => {
  // Where a stream comes from never changes once it exists, nor that it was detached.
  const descents = new LRUCache<string, Descent>(growingTo(remembered));
  const detached = new LRUCache<string, true>(growingTo(remembered));

  const note = (first: StoredEvent): Descent => {
    const descent = descentIn(first);
    descents.set(first.stream, descent);
    return descent;
  };

  const descentOf = async (stream: string): Promise<Descent | undefined> => {
    const known = descents.get(stream);
    if (known) return known;
    for await (const first of store.read(stream, { from: 0, limit: 1 })) return note(first);
    return undefined;
  };

  const noteDetached = (streams: Iterable<string>): void => {
    for (const stream of streams) detached.set(stream, true);
  };

  /** An archive is complete, and what it has may be read there, once it has the last inherited event. */
  const isArchived = async (fork: string, last: number): Promise<boolean> => {
    try {
      for await (const _ of store.read(archiveOf(fork), { from: last, limit: 1 })) return true;
      return false;
    } catch (error) {
      if (error instanceof StreamTombstoned) return false;
      throw error;
    }
  };

  const pedigreeOf = async (stream: string): Promise<readonly Segment[] | undefined> => {
    const { ancestry } = (await descentOf(stream)) ?? {};
    const [first, ...later] = ancestry ?? [];
    const fork = first && forkOfArchive(first.stream);
    if (!first || fork === undefined) return ancestry;
    return [...ancestryAt(fork, (await pedigreeOf(fork)) ?? [], first.through), ...later];
  };

  const adoptionOf = async (stream: string, revision = 0): Promise<Adoption | undefined> => {
    const fork = forkOfArchive(stream);
    if (fork === undefined) return (await descentOf(stream))?.adoption;
    const inherited = (await descentOf(fork))?.ancestry ?? [];
    const [holder, before] = [...ancestryAt(fork, inherited, revision)].reverse();
    // What wrote the first events is no fork, unless it is another archive: forked from what was detached.
    if (!before)
      return holder && forkOfArchive(holder.stream) !== undefined
        ? adoptionOf(holder.stream, revision)
        : undefined;
    const began = { from: before.through + 1, limit: 1 };
    // In an archive there are the events of forks, and the data of each is as it was.
    for await (const first of store.read(stream, began))
      return adoptionIn(first.data as StreamForked['data']);
    return undefined;
  };

  return {
    pedigreeOf,
    adoptionOf,
    isKnown: (stream) => descents.has(stream),
    noteFirst: (first) => note(first).ancestry,
    noteDetached,
    noteEnded: (stream) => {
      descents.delete(stream);
      detached.delete(stream);
    },
    ancestryOf: async (stream) => {
      const descent = await descentOf(stream);
      if (!descent || detached.size === 0) return descent?.ancestry;
      return settledAncestry(stream, descent.ancestry, (each) => detached.has(each));
    },
    lookForDetached: async (stream) => {
      const { ancestry = [] } = (await descentOf(stream)) ?? {};
      const found = await Promise.all(
        ancestry.map(async ({ through }, index) => {
          const fork = ancestry[index + 1]?.stream ?? stream;
          return !detached.has(fork) && (await isArchived(fork, through)) ? [fork] : [];
        }),
      );
      // The nearest last: where little is remembered, it is that one that is.
      noteDetached(found.flat());
      return found.flat().length > 0;
    },
  };
};

/**
 * The ancestry of a fork of `stream` at `at`: the segments up to there. A fork at an inherited
 * revision descends from the stream that holds that revision, so depth never adds a segment without events.
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

const descentIn = ({ type, data }: StoredEvent): Descent => {
  if (type !== 'StreamForked') return { ancestry: [], adoption: undefined };
  // The codec has checked that the data is a fork's.
  const forked = data as StreamForked['data'];
  return { ancestry: forked.ancestry, adoption: adoptionIn(forked) };
};
