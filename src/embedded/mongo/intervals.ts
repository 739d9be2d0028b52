import { encodeKey, typeTag } from './key-encoding.js';

/** A place between encoded keys: before or after all those that begin with `prefix`. */
export type Edge = Readonly<{ prefix: Buffer; isAfter: boolean }>;

/** The encoded values of one field that a condition can be true for. */
export type Interval = Readonly<{ from: Edge; to: Edge; isPoint: boolean }>;

const before = (prefix: Buffer): Edge => ({ prefix, isAfter: false });
const behind = (prefix: Buffer): Edge => ({ prefix, isAfter: true });

/** Where an edge lies, as bytes that compare; 0xff twice is beyond what any key goes on with. */
const placeOf = ({ prefix, isAfter }: Edge): Buffer =>
  isAfter ? Buffer.concat([prefix, Buffer.from([0xff, 0xff, 0xff])]) : prefix;

/** The order of two edges. */
export const compareEdges = (a: Edge, b: Edge): number => Buffer.compare(placeOf(a), placeOf(b));

/** The interval of the values that are equal to this one. */
export const pointOf = (value: unknown): Interval => {
  const key = encodeKey(value);
  return { from: before(key), to: behind(key), isPoint: true };
};

/** The interval of the values that lie on one side of the operand and are of its type. */
export const rangeOf = (operator: '$gt' | '$gte' | '$lt' | '$lte', operand: unknown): Interval => {
  const key = encodeKey(operand);
  const type = Buffer.from([typeTag(operand)]);
  switch (operator) {
    case '$gt':
      return { from: behind(key), to: behind(type), isPoint: false };
    case '$gte':
      return { from: before(key), to: behind(type), isPoint: false };
    case '$lt':
      return { from: before(type), to: before(key), isPoint: false };
    case '$lte':
      return { from: before(type), to: behind(key), isPoint: false };
  }
};

/** All that is in one of the intervals, sorted, with those that touch merged into one. */
export const union = (intervals: readonly Interval[]): Interval[] => {
  const sorted = intervals.toSorted((a, b) => compareEdges(a.from, b.from));
  const merged: Interval[] = [];
  for (const next of sorted) {
    const last = merged.at(-1);
    if (!last || compareEdges(last.to, next.from) < 0) merged.push(next);
    else if (compareEdges(last.to, next.to) < 0)
      merged[merged.length - 1] = { from: last.from, to: next.to, isPoint: false };
  }
  return merged;
};

/** All that is in an interval of the first list and in one of the second. */
export const intersection = (a: readonly Interval[], b: readonly Interval[]): Interval[] =>
  a.flatMap((x) =>
    b.flatMap((y) => {
      const from = compareEdges(x.from, y.from) >= 0 ? x.from : y.from;
      const to = compareEdges(x.to, y.to) <= 0 ? x.to : y.to;
      if (compareEdges(from, to) >= 0) return [];
      return [{ from, to, isPoint: x.isPoint || y.isPoint }];
    }),
  );
