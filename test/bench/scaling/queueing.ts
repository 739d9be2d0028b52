/** When something came to a part, and when that part was done with it; in milliseconds. */
export type Passage = Readonly<{ came: number; left: number }>;

/**
 * One server, one at a time, first come first served: each begins when it has come and the one before
 * it has left (Lindley's recursion).
 *
 * @param came times in their order
 * @param serviceMs asked once for each, in their order
 */
export const oneByOne = (came: readonly number[], serviceMs: () => number): readonly Passage[] => {
  let free = 0;
  return came.map((at) => {
    free = Math.max(free, at) + serviceMs();
    return { came: at, left: free };
  });
};

/** A server that takes all that wait at once, as a log does that is flushed for many appends together. */
export type BatchServer = Readonly<{
  /** For a batch, however large. */
  batchMs: number;
  /** For each in it besides. */
  eachMs: number;
  /** How many a batch may have. */
  most: number;
  /** For how long it waits for more after the first has come, unless it has been busy as long. */
  gatherMs: number;
}>;

/**
 * Serves in batches: when it is free, it takes what has come by then.
 *
 * @param came times in their order
 */
export const inBatches = (
  came: readonly number[],
  { batchMs, eachMs, most, gatherMs }: BatchServer,
): readonly Passage[] => {
  const passages: Passage[] = [];
  let free = 0;
  while (passages.length < came.length) {
    const from = passages.length;
    const first = came[from] ?? 0;
    const full = came[from + most - 1] ?? Number.POSITIVE_INFINITY;
    const begins = Math.max(free, Math.min(first + gatherMs, Math.max(first, full)));
    let to = from;
    while (to < came.length && to - from < most && (came[to] ?? 0) <= begins) to += 1;
    free = begins + batchMs + (to - from) * eachMs;
    for (const at of came.slice(from, to)) passages.push({ came: at, left: free });
  }
  return passages;
};

/** The values below which shares of the values lie; none where there are no values. */
export const percentilesOf = (
  values: readonly number[],
  shares: readonly number[],
): readonly number[] => {
  const sorted = values.toSorted((a, b) => a - b);
  return shares.flatMap(
    (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? [],
  );
};
