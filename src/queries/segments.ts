import type { Segment } from '../domain/fork.js';
import type { Collections } from './collections.js';

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

/** The ancestry of a stream, from its read model; undefined while that has not heard of it. */
export const ancestryOf = async (
  { streams }: Collections,
  stream: string,
): Promise<readonly Segment[] | undefined> =>
  (await streams.findOne({ _id: stream }, { projection: { ancestry: 1 } }))?.ancestry;

/** The condition for rows of a stretch that are true at its end. */
export const trueAt = (high: number) =>
  Number.isFinite(high)
    ? { from: { $lte: high }, $or: [{ to: null }, { to: { $gt: high } }] }
    : { to: null };
