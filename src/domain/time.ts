/** A moment as ISO 8601 UTC. Commands bring it: nothing here asks what time it is. */
export type Moment = string;

/** The moment so many seconds later, rounded down to a millisecond. */
export const secondsAfter = (moment: Moment, seconds: number): Moment =>
  // biome-ignore lint/style/noRestrictedGlobals: writes down a moment that it is given, and reads no clock
  new Date(Math.floor(millisecondsOf(moment) + seconds * 1_000)).toISOString();

/** How many seconds later the second moment is; negative when it is earlier. */
export const secondsBetween = (from: Moment, to: Moment): number =>
  (millisecondsOf(to) - millisecondsOf(from)) / 1_000;

/** Whether the first moment is before the second. */
export const isBefore = (a: Moment, b: Moment): boolean => millisecondsOf(a) < millisecondsOf(b);

/** The earlier of two moments. */
export const earlierOf = (a: Moment, b: Moment): Moment => (isBefore(b, a) ? b : a);

/** The moment in milliseconds since 1970. */
// biome-ignore lint/style/noRestrictedGlobals: reads a moment that it is given, not a clock
export const millisecondsOf = (moment: Moment): number => Date.parse(moment);
