/** The measurements that a connection reports: their names, and the share of times they stand for. */
const namedShares = [
  ['Median', 0.5],
  ['Quintile 1', 0.2],
  ['Quintile 2', 0.4],
  ['Quintile 3', 0.6],
  ['Quintile 4', 0.8],
  ['Quintile 5', 1],
  ['90%', 0.9],
  ['95%', 0.95],
  ['99%', 0.99],
  ['99.5%', 0.995],
  ['99.9%', 0.999],
] as const;

/**
 * Sums up how long acknowledgements took.
 *
 * @param times milliseconds
 * @returns names and milliseconds; nothing without a time
 */
export const measurements = (times: readonly number[]): readonly (readonly [string, number])[] => {
  const sorted = times.toSorted((a, b) => a - b);
  const fastest = sorted[0];
  const highest = sorted.at(-1);
  if (fastest === undefined || highest === undefined) return [];
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  const shares = namedShares.map(
    ([name, share]) =>
      [name, sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0] as const,
  );
  return [['Mean', Math.round(mean)], ['Fastest', fastest], ...shares, ['Highest', highest]];
};
