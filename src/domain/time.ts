/** A moment as ISO 8601 UTC. Commands bring it: nothing here asks what time it is. */
export type Moment = string;

/** The moment so many seconds later; fractions of a millisecond are dropped. */
export const secondsAfter = (moment: Moment, seconds: number): Moment =>
  // biome-ignore lint/style/noRestrictedGlobals: writes down a moment that it is given, and reads no clock
  new Date(Math.floor(millisecondsOf(moment) + seconds * 1_000)).toISOString();

/** How much later the second moment is. */
export const secondsBetween = (from: Moment, to: Moment): number =>
  (millisecondsOf(to) - millisecondsOf(from)) / 1_000;

export const isBefore = (a: Moment, b: Moment): boolean => millisecondsOf(a) < millisecondsOf(b);

export const earlierOf = (a: Moment, b: Moment): Moment => (isBefore(b, a) ? b : a);

/** The moment in milliseconds since 1970. */
// biome-ignore lint/style/noRestrictedGlobals: reads a moment that it is given, not a clock
export const millisecondsOf = (moment: Moment): number => Date.parse(moment);
