import { after } from '../packing/after.js';
import { type Index, segmentPrefix } from './catalogue.js';
import type { Filter } from './filter.js';
import { keyLimit } from './index-entries.js';
import { compareEdges, type Edge, type Interval, intersection, union } from './intervals.js';
import { inverted, uncutBytes } from './key-encoding.js';
import type { KeyRange } from './store.js';

const mostRanges = 2000;
/** What a field that an index can use is worth, when indexes are compared. */
export const scores = { equality: 10, range: 5, looseRange: 4, sort: 3 } as const;

/** What is known of one field: intervals, and whether they come from an `$or` and so say too little. */
export type Known = Readonly<{ intervals: readonly Interval[]; isLoose: boolean }>;

// A field bounded in every branch of an $or lies in one of the branches' intervals.
const looseBounds = (branches: readonly Filter[]): Map<string, readonly Interval[]> => {
  const [first = new Map(), ...others] = branches.map((branch) => {
    const own = new Map<string, readonly Interval[]>();
    for (const { path, intervals } of branch.bounds) if (!own.has(path)) own.set(path, intervals);
    return own;
  });
  const shared = new Map<string, readonly Interval[]>();
  for (const [path, intervals] of first) {
    const rest = others.map((own) => own.get(path));
    if (rest.every((each) => each !== undefined))
      shared.set(path, union([...intervals, ...rest.flat()]));
  }
  return shared;
};

/** What a filter says about each field. */
export const boundsByPath = (filter: Filter): Map<string, Known[]> => {
  const byPath = new Map<string, Known[]>();
  const add = (path: string, known: Known) =>
    byPath.set(path, [...(byPath.get(path) ?? []), known]);
  for (const { path, intervals } of filter.bounds) add(path, { intervals, isLoose: false });
  for (const branches of filter.alternatives)
    for (const [path, intervals] of looseBounds(branches)) add(path, { intervals, isLoose: true });
  return byPath;
};

const isPoints = ({ intervals }: Known) => intervals.every(({ isPoint }) => isPoint);

// Several elements of an array can each meet one condition, so that only one condition may bound
// an index over arrays. Where all values are single, all conditions hold for the same one.
const combine = (known: readonly Known[], isMultikey: boolean): Known | undefined => {
  const [first, ...others] = known.toSorted(
    (a, b) => Number(isPoints(b)) - Number(isPoints(a)) || Number(a.isLoose) - Number(b.isLoose),
  );
  if (!first || isMultikey) return first;
  return others.reduce<Known>(
    (all, next) => ({
      intervals: intersection(all.intervals, next.intervals),
      isLoose: all.isLoose && next.isLoose,
    }),
    first,
  );
};

const flipped = ({ prefix, isAfter }: Edge): Edge => ({
  prefix: inverted(prefix),
  isAfter: !isAfter,
});

const inDirection = (interval: Interval, direction: 1 | -1): Interval =>
  direction === 1
    ? interval
    : { from: flipped(interval.to), to: flipped(interval.from), isPoint: interval.isPoint };

// Keys are cut when too long; a bound is cut to what is sure to be in them, and so lets more through.
const placed = (index: Index, { prefix, isAfter }: Edge, isEnd: boolean): Buffer => {
  const sure = uncutBytes(keyLimit(index));
  const isCut = prefix.length > sure;
  const kept = isCut ? prefix.subarray(0, sure) : prefix;
  const key = Buffer.concat([segmentPrefix(index.segment), kept]);
  return (isCut ? isEnd : isAfter) ? after(key) : key;
};

const prepend = (head: Buffer, edge: Edge): Edge => ({
  prefix: Buffer.concat([head, edge.prefix]),
  isAfter: edge.isAfter,
});

const whole: Interval = {
  from: { prefix: Buffer.alloc(0), isAfter: false },
  to: { prefix: Buffer.alloc(0), isAfter: true },
  isPoint: false,
};

/** The part of an index that a search has to read. */
export type IndexBounds = Readonly<{
  ranges: readonly KeyRange[];
  score: number;
  /** How many fields, from the first, are pinned to single values. */
  equalFields: number;
  /** Whether they are pinned to one value each. */
  isSingle: boolean;
}>;

/** The ranges of an index that hold all documents the bounds allow, and how well they narrow it down. */
export const boundIndex = (
  index: Index,
  byPath: ReadonlyMap<string, readonly Known[]>,
): IndexBounds => {
  let heads: Buffer[] = [Buffer.alloc(0)];
  let tails: readonly Interval[] = [whole];
  let score = 0;
  let equalFields = 0;
  let usedMultikey = false;
  for (const [i, [path, direction]] of index.fields.entries()) {
    const isMultikey = index.isMultikey[i] ?? false;
    // Two fields of one array's elements may be met by different elements.
    if (isMultikey && usedMultikey) break;
    const known = combine(byPath.get(path) ?? [], isMultikey);
    if (!known) break;
    usedMultikey ||= isMultikey;
    const intervals = known.intervals
      .map((each) => inDirection(each, direction))
      .toSorted((a, b) => compareEdges(a.from, b.from));
    if (isPoints(known) && heads.length * intervals.length <= mostRanges) {
      heads = heads.flatMap((head) =>
        intervals.map(({ from }) => Buffer.concat([head, from.prefix])),
      );
      score += known.isLoose ? scores.looseRange : scores.equality;
      equalFields++;
      continue;
    }
    tails = intervals;
    score += known.isLoose ? scores.looseRange : scores.range;
    break;
  }
  const ranges = heads.flatMap((head) =>
    tails.map(({ from, to }) => ({
      from: placed(index, prepend(head, from), false),
      to: placed(index, prepend(head, to), true),
      isOne:
        index.name === '_id_' && equalFields === 1 && head.length <= uncutBytes(keyLimit(index)),
    })),
  );
  return { ranges, score, equalFields, isSingle: heads.length === 1 };
};
