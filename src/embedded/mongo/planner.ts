import { type Collection, type Index, segmentPrefix } from './catalogue.js';
import { keyLimit } from './documents.js';
import { CommandError } from './errors.js';
import type { Filter } from './filter.js';
import { compareEdges, type Edge, type Interval, intersection, union } from './intervals.js';
import { after, inverted, uncutBytes } from './key-encoding.js';
import type { KeyRange } from './store.js';

/** Stands in a sort for how well a document fits a text search. */
export const textScore = '$textScore';

/** A sort: paths with their directions. */
export type Sort = readonly (readonly [path: string, direction: 1 | -1])[];

/** One index, read over some ranges of its keys. */
export type IndexScan = Readonly<{
  index: Index;
  ranges: readonly KeyRange[];
  isReverse: boolean;
  /** Whether each of the ranges gives its documents in the order asked for. */
  isSorted: boolean;
  /** How much the index narrows the search down; see {@link planQuery}. */
  score: number;
}>;

/** How a query is answered: the documents of all scans together, each one once. */
export type Plan = Readonly<{
  scans: readonly IndexScan[];
  isSorted: boolean;
  /** The text index that gives the documents instead of the scans. */
  text?: Index;
}>;

const mostRanges = 2000;
const mostMerged = 200;

const scores = { equality: 10, range: 5, looseRange: 4, sort: 3 } as const;

/** What is known of one field: intervals, and whether they come from an `$or` and so say too little. */
type Known = Readonly<{ intervals: readonly Interval[]; isLoose: boolean }>;

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

const boundsByPath = (filter: Filter): Map<string, Known[]> => {
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

/** The ranges of an index that hold all documents the bounds allow, and how well they narrow it down. */
const boundIndex = (index: Index, byPath: ReadonlyMap<string, readonly Known[]>) => {
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

// Behind its fields every entry has the _id, which so serves the end of a sort as one more field.
const orderOf = (index: Index, idIndex: Index | undefined): Sort =>
  idIndex?.hasCut || index.fields.some(([path]) => path === '_id')
    ? index.fields
    : [...index.fields, ['_id', 1]];

const servesSort = (
  index: Index,
  order: Sort,
  sort: Sort,
  equalFields: number,
  isSingle: boolean,
) => {
  const isFixed = (i: number) => i < equalFields;
  // An array has one entry for each element: in order only where the entry is pinned to one value.
  if (index.hasCut || index.isMultikey.some((multi, i) => multi && !isFixed(i))) return undefined;
  const isConstant = ([path]: Sort[number]) =>
    isSingle &&
    index.fields.some(([field], i) => field === path && isFixed(i) && !index.isMultikey[i]);
  const wanted = sort.filter((each) => !isConstant(each));
  for (const skip of isSingle || equalFields === 0 ? [equalFields] : [equalFields, 0]) {
    const rest = order.slice(skip);
    const turn = wanted[0] && rest[0] ? wanted[0][1] * rest[0][1] : 1;
    const fits = wanted.every(
      ([path, direction], i) => rest[i]?.[0] === path && rest[i]?.[1] === direction * turn,
    );
    if (fits) return { isReverse: turn < 0 };
  }
  return undefined;
};

const scanOf = (
  index: Index,
  order: Sort,
  byPath: ReadonlyMap<string, readonly Known[]>,
  sort: Sort,
): IndexScan => {
  const { ranges, score, equalFields, isSingle } = boundIndex(index, byPath);
  const served =
    sort.length > 0 ? servesSort(index, order, sort, equalFields, isSingle) : undefined;
  const isReverse = served?.isReverse ?? false;
  return {
    index,
    ranges: (isReverse ? ranges.toReversed() : ranges).map((range) => ({ ...range, isReverse })),
    isReverse,
    isSorted: served !== undefined,
    score: score + (served ? scores.sort : 0),
  };
};

const best = (scans: readonly IndexScan[]): IndexScan | undefined =>
  scans.reduce<IndexScan | undefined>(
    (found, next) => (found && found.score >= next.score ? found : next),
    undefined,
  );

const joined = (outer: Filter, branch: Filter): Filter => ({
  test: branch.test,
  bounds: [...outer.bounds, ...branch.bounds],
  alternatives: branch.alternatives,
});

const textIndexOf = ({ indexes }: Collection): Index => {
  const index = indexes.find(({ text, isBuilding }) => text && !isBuilding);
  if (!index) throw new CommandError('IndexNotFound', 'text index required for $text query');
  return index;
};

/**
 * Chooses the indexes for a query: a field with equal values counts most, then a range, then an
 * order that needs no sorting; each branch of an `$or` may have an index of its own. The ranges
 * hold at least the documents wanted, so each one has still to pass the filter.
 *
 * @param indexes those that may be used, `_id_` first; it serves as the scan of the collection
 */
export const planQuery = (
  collection: Collection,
  filter: Filter,
  sort: Sort,
  indexes: readonly Index[] = collection.indexes,
): Plan => {
  if (filter.text) return { scans: [], isSorted: sort.length === 0, text: textIndexOf(collection) };
  const usable = indexes.filter(({ isBuilding, text }) => !isBuilding && !text);
  const [idIndex] = collection.indexes;
  const choose = (part: Filter): IndexScan | undefined => {
    const byPath = boundsByPath(part);
    const [first, ...others] = usable;
    const scan = first && scanOf(first, orderOf(first, idIndex), byPath, sort);
    // Nothing narrows a search down further than the _id itself.
    if (!scan || scan.ranges.every(({ isOne }) => isOne)) return scan;
    return best([
      scan,
      ...others.map((index) => scanOf(index, orderOf(index, idIndex), byPath, sort)),
    ]);
  };
  const direct = choose(filter);
  if (!direct) return planQuery(collection, filter, sort, collection.indexes.slice(0, 1));
  let scans: readonly IndexScan[] = [direct];
  let score = direct.score;
  for (const branches of filter.alternatives) {
    const found = branches.flatMap((branch) => choose(joined(filter, branch)) ?? []);
    const weakest = Math.min(...found.map((scan) => scan.score));
    if (weakest <= score) continue;
    scans = found;
    score = weakest;
  }
  const count = scans.reduce((sum, { ranges }) => sum + ranges.length, 0);
  const isSorted = sort.length === 0 || (scans.every((s) => s.isSorted) && count <= mostMerged);
  return { scans, isSorted };
};
