import { forkOfArchive, settledAncestry } from '../domain/archive.js';
import type { Origin, Segment } from '../domain/fork.js';
import { ancestryAt } from '../eventstore/descents.js';
import type { Collections, StreamRecord } from './collections.js';

/** A run of revisions whose rows one stream holds: those true at `high`, posted from `low` on. `high` is Infinity at the head. */
export type Stretch = Readonly<{ stream: string; low: number; high: number }>;

/**
 * Where the rows of a stream lie as of a revision, oldest first: one stretch for each ancestor that
 * reaches that far, and the stream's own.
 */
export const stretchesOf = (
  stream: string,
  ancestry: readonly Segment[],
  at = Number.POSITIVE_INFINITY,
): readonly Stretch[] => {
  const segments = [...ancestry, { stream, through: Number.POSITIVE_INFINITY }];
  return segments
    .map((segment, index) => ({
      stream: segment.stream,
      low: index === 0 ? 0 : (segments[index - 1]?.through ?? 0) + 1,
      high: Math.min(segment.through, at),
    }))
    .filter(({ low, high }) => low <= high);
};

/** Where the rows of what a stream inherits lie; undefined while its read model has not heard of it. */
export const ancestryOf = async (
  collections: Collections,
  stream: string,
): Promise<readonly Segment[] | undefined> => {
  const own = await descentOf(collections, stream);
  return own ? settledIn(collections, own) : undefined;
};

type Descent = Pick<StreamRecord, '_id' | 'ancestry' | 'detachedFrom'>;

const descentOf = ({ streams }: Collections, stream: string): Promise<Descent | null> =>
  streams.findOne<Descent>({ _id: stream }, { projection: { ancestry: 1, detachedFrom: 1 } });

/** The ancestry of a stream, with the archive of a detached stream in place of all that came before that stream. */
export const settledIn = async (
  { streams }: Collections,
  { _id, ancestry, detachedFrom }: Descent,
): Promise<readonly Segment[]> => {
  if (detachedFrom) return settledAncestry(_id, ancestry, (stream) => stream === _id);
  // The oldest is no fork, or an archive.
  const forks = ancestry.slice(1).map(({ stream }) => stream);
  if (forks.length === 0) return ancestry;
  const detached = await streams.distinct('_id', {
    _id: { $in: forks },
    detachedFrom: { $exists: true },
  });
  return settledAncestry(_id, ancestry, (stream) => detached.includes(stream));
};

/** The streams that first wrote what a stream inherits, also where that was copied into an archive since. */
export const pedigreeOf = async (
  collections: Collections,
  stream: string,
): Promise<readonly Segment[]> => {
  const { ancestry = [] } = (await descentOf(collections, stream)) ?? {};
  const [first, ...later] = ancestry;
  const fork = first && forkOfArchive(first.stream);
  if (!first || fork === undefined) return ancestry;
  return [...ancestryAt(fork, await pedigreeOf(collections, fork), first.through), ...later];
};

/** Where a row was written, when that is not the stream that it is shown in. */
export const originIn = (
  {
    stream: holder,
    writtenIn,
    seq = 0,
  }: Readonly<{ stream: string; writtenIn?: string; seq?: number }>,
  stream: string,
): Readonly<{ origin?: Origin }> =>
  holder === stream ? {} : { origin: { stream: writtenIn ?? holder, revision: seq } };

/** The condition for rows that were true at the end of a stretch; at the head, for those that still are. */
export const trueAt = (high: number) =>
  Number.isFinite(high)
    ? { from: { $lte: high }, $or: [{ to: null }, { to: { $gt: high } }] }
    : { to: null };

/** What stretches have from one revision through another. */
export const within = (
  stretches: readonly Stretch[],
  first: number,
  through = Number.POSITIVE_INFINITY,
): readonly Stretch[] =>
  stretches
    .map(({ stream, low, high }) => ({
      stream,
      low: Math.max(low, first),
      high: Math.min(high, through),
    }))
    .filter(({ low, high }) => low <= high);

/** Of how many stretches one query asks: databases merge the rows of so many in order, without sorting them. */
const stretchesAQuery = 50;

/** Stretches in the groups that one query each asks of. */
export const inQueries = (stretches: readonly Stretch[]): readonly (readonly Stretch[])[] =>
  Array.from({ length: Math.ceil(stretches.length / stretchesAQuery) }, (_, n) =>
    stretches.slice(n * stretchesAQuery, (n + 1) * stretchesAQuery),
  );

/** The condition for any of some, without an `$or` where there is but one. */
export const anyOf = <Condition extends object>(conditions: readonly Condition[]) => {
  const [only] = conditions;
  return conditions.length === 1 && only ? only : { $or: [...conditions] };
};

/** The condition for revisions from one on, up to another unless that is the head. */
export const between = (low: number, high: number) => ({
  $gte: low,
  ...(Number.isFinite(high) && { $lte: high }),
});

/** The condition for rows that lie along stretches, true at their ends or not. */
export const lyingIn = (stretches: readonly Stretch[]) =>
  anyOf(stretches.map(({ stream, low, high }) => ({ stream, seq: between(low, high) })));

/** The condition for rows posted along stretches after a revision, -1 for all, that were true at their ends. */
export const postedAlong = (stretches: readonly Stretch[], after: number) =>
  anyOf(
    stretches.map(({ stream, low, high }) => ({
      stream,
      seq: between(Math.max(low, after + 1), high),
      ...trueAt(high),
    })),
  );
