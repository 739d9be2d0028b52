import type { Collection, Index } from './catalogue.js';
import { CommandError } from './errors.js';
import type { Filter } from './filter.js';
import { boundIndex, boundsByPath, type Known, scores } from './index-bounds.js';
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

const mostMerged = 200;

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
  // Fields pinned to several values each are in order too, but for arrays, which sort by one element.
  const isWholeInOrder = !isSingle && !index.isMultikey.includes(true);
  for (const skip of isWholeInOrder ? [equalFields, 0] : [equalFields]) {
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
