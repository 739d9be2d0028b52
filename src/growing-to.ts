/** What makes an LRU cache grow with what it holds. With `max`, room for all of it is taken at once. */
export type GrowingTo = Readonly<{ maxSize: number; sizeCalculation: () => number }>;

/**
 * Options of an LRU cache that takes memory only for the entries that it has.
 *
 * @param most how many entries it holds at most
 */
export const growingTo = (most: number): GrowingTo => ({
  maxSize: most,
  sizeCalculation: () => 1,
});
