/** When deliveries are tried: the wait before each attempt, in milliseconds, the first one included. */
export type Schedule = readonly number[];

/** How much later than the schedule says an attempt may be, so that failed ones do not come back all at once. */
const jitter = 0.1;

/**
 * How long to wait before an attempt, or undefined when there is none left.
 *
 * @param tries how many attempts were made
 * @param askedMs how long the endpoint asked to wait
 */
export const waitBefore = (
  schedule: Schedule,
  tries: number,
  askedMs = 0,
  random: () => number = Math.random,
): number | undefined => {
  const wait = schedule[tries];
  if (wait === undefined) return undefined;
  return Math.round(Math.max(wait * (1 + jitter * random()), askedMs));
};
