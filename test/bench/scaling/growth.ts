import { medianTimes } from '../harness/turns.js';

/** What an operation costs at each of several sizes. */
export type Growth = Readonly<{
  what: string;
  /** What there is more and more of. */
  against: string;
  sizes: readonly number[];
  /** Medians in milliseconds, at each size. */
  ms: readonly number[];
  /** Beside the smallest size: 1 where size costs nothing. */
  ratios: readonly number[];
}>;

/** Does one operation at one size. */
export type Operation = (size: number, round: number) => Promise<unknown>;

/**
 * Times operations at every size in turns, sizes of one operation next to one another, so that all of
 * them meet the machine in the same mood.
 */
export const growthOf = async (
  against: string,
  sizes: readonly number[],
  operations: Readonly<Record<string, Operation>>,
  rounds: number,
): Promise<readonly Growth[]> => {
  const found: Growth[] = [];
  for (const [what, operation] of Object.entries(operations)) {
    const measured = sizes.map((size) => ({
      what: `${what} at ${size}`,
      run: (round: number) => operation(size, round),
    }));
    const ms = await medianTimes(measured, rounds);
    found.push({ what, against, sizes, ms, ratios: ratiosOf(ms) });
  }
  return found;
};

export const ratiosOf = (ms: readonly number[]): readonly number[] =>
  ms.map((each) => each / (ms[0] ?? Number.NaN));

/** The sizes that a run measures: powers of ten from one to another. */
export const powersOfTen = (from: number, upTo: number): readonly number[] => {
  const sizes: number[] = [];
  for (let size = from; size <= upTo; size *= 10) sizes.push(size);
  return sizes;
};
