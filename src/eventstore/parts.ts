import type { Segment } from '../domain/fork.js';

/** Which events of a stream are read, and how. */
export type LogicalReadOptions = Readonly<{
  /** Lowest revision to read; 0 by default. */
  from?: number;
  /** Highest revision to read, inclusive; the head by default. */
  through?: number;
  direction?: 'forwards' | 'backwards';
  limit?: number;
}>;

/** A piece of one stored stream. `from` is counted by the store, undefined for the stream's end. */
export type Part = Readonly<{ stream: string; from: number | undefined; count: number }>;

/** What is read of which stored streams, in the order of reading. */
export const partsOf = (
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

/** How many events were read, and the revision of the last of them. */
export type Read = Readonly<{ last: number; count: number }>;

/** The options to read on with, after some events were read. */
export const leftAfter = (
  options: LogicalReadOptions,
  { last, count }: Read,
): LogicalReadOptions => ({
  ...options,
  ...(options.direction === 'backwards' ? { through: last - 1 } : { from: last + 1 }),
  ...(options.limit !== undefined && { limit: options.limit - count }),
});
