import { median } from '../replay/support/median.js';

/** Something whose time is taken: one of many in a round. */
export type Measured = Readonly<{ what: string; run(round: number): Promise<unknown> }>;

/**
 * Does all of them once a round, each time in another order, so that all meet the machine in the same
 * mood, after `warmUp` rounds that do not count.
 *
 * @returns median milliseconds of each, in the order given
 */
export const medianTimes = async (
  measured: readonly Measured[],
  rounds: number,
  warmUp = 5,
): Promise<readonly number[]> => {
  const times: number[][] = measured.map(() => []);
  for (let round = -warmUp; round < rounds; round++)
    for (let n = 0; n < measured.length; n++) {
      const at = (n + round + warmUp) % measured.length;
      const start = performance.now();
      await measured[at]?.run(round + warmUp);
      if (round >= 0) times[at]?.push(performance.now() - start);
    }
  return times.map(median);
};

/**
 * How many a second get done with so many on their way at once, for so many milliseconds.
 *
 * @param one does one; it is told which of the workers it is
 */
export const rateOf = async (
  inFlight: number,
  ms: number,
  one: (worker: number) => Promise<unknown>,
): Promise<number> => {
  const began = performance.now();
  let done = 0;
  const worker = async (n: number) => {
    while (performance.now() - began < ms) {
      await one(n);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, n) => worker(n)));
  return (done / (performance.now() - began)) * 1_000;
};
