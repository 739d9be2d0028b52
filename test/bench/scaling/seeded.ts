/** Gives numbers from 0 up to but not 1, each as likely as any other. */
export type Random = () => number;

/** The generator mulberry32 (Tommy Ettinger, public domain): short, and the same numbers for the same seed everywhere. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A time until the next of things that come independently of one another, of a mean. */
export const exponential = (random: Random, mean: number): number => -Math.log(1 - random()) * mean;
