import type { Document } from 'bson';
import type { Collection, Index } from './catalogue.js';
import { documentKey } from './documents.js';
import { CommandError } from './errors.js';
import { everything, type Filter } from './filter.js';
import { idKeyOfEntry } from './index-entries.js';
import { type IndexScan, type Plan, planQuery, type Sort } from './planner.js';
import { decode } from './raw.js';
import { sortKeyOf } from './sort-key.js';
import type { KeyRange, Store } from './store.js';
import { searchText } from './text-search.js';

/** A document that was found. */
export type Found = Readonly<{
  idKey: Buffer;
  raw: Buffer;
  /** Decoded, where it had to be for the filter. */
  document?: Document;
  /** How well it fits a text search. */
  score?: number;
}>;

/** The document, decoded to plain values. */
export const documentOf = (found: Found): Document => found.document ?? decode(found.raw);

/** What was looked at to answer a query. */
export type Examined = { keys: number; documents: number };

/** What to find, and how much of it. */
export type Query = Readonly<{
  filter: Filter;
  sort: Sort;
  skip: number;
  /** Zero for no limit. */
  limit: number;
  /** Use no other indexes than these. */
  indexes?: readonly Index[];
}>;

/**
 * Found documents, with undefined for what was looked at in vain: whoever pulls can pause a long
 * search between any two documents. No LMDB transaction is open meanwhile.
 */
export type Search = Generator<Found | undefined, void, void>;

const sortBytes = 100 * 1024 * 1024;

/** What a search reads from. */
export type Reading = Readonly<{
  store: Store;
  collection: Collection;
  filter: Filter;
  examined: Examined;
}>;

function* searchRange(reading: Reading, index: Index, range: KeyRange): Search {
  const { store, collection, filter, examined } = reading;
  const isPrimary = index.segment === collection.segment;
  for (const { key, value } of store.entries(range)) {
    examined.keys++;
    const idKey = isPrimary ? key.subarray(4) : idKeyOfEntry(key);
    const raw = isPrimary ? value : store.get(documentKey(collection, idKey));
    // Gone since its entry was read.
    if (!raw) continue;
    examined.documents++;
    if (filter === everything) yield { idKey, raw };
    else {
      const document = decode(raw);
      yield filter.test(document) ? { idKey, raw, document } : undefined;
    }
  }
}

function* once(search: Search): Search {
  const seen = new Set<string>();
  for (const found of search) {
    const name = found?.idKey.toString('latin1') ?? '';
    if (found && seen.has(name)) continue;
    seen.add(name);
    yield found;
  }
}

function* oneAfterAnother(searches: readonly Search[]): Search {
  for (const search of searches) yield* search;
}

type Head = { found: Found; key: Buffer; rest: Search };

// Few searches are merged at a time, so that a plain look through their heads is quick enough.
function* merged(searches: readonly Search[], sort: Sort): Search {
  const keyOf = sortKeyOf(sort);
  const heads: Head[] = [];
  for (const rest of searches) {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      yield undefined;
      if (!next.value) continue;
      heads.push({ found: next.value, key: keyOf(documentOf(next.value)), rest });
      break;
    }
  }
  while (heads.length > 0) {
    const head = heads.reduce((a, b) => (Buffer.compare(b.key, a.key) < 0 ? b : a));
    yield head.found;
    let next = head.rest.next();
    for (; !next.done && !next.value; next = head.rest.next()) yield undefined;
    if (next.done || !next.value) heads.splice(heads.indexOf(head), 1);
    else {
      head.found = next.value;
      head.key = keyOf(documentOf(next.value));
    }
  }
}

/** Sorts what a search finds; with a limit it keeps little more than that many. */
function* sorted(search: Search, keyOf: (found: Found) => Buffer, most: number): Search {
  const byKey = (a: { key: Buffer }, b: { key: Buffer }) => Buffer.compare(a.key, b.key);
  let kept: { key: Buffer; found: Found }[] = [];
  let bytes = 0;
  for (const found of search) {
    if (found) {
      const { document: _, ...bare } = found;
      kept.push({ key: keyOf(found), found: bare });
      bytes += found.raw.length;
      if (most > 0 && kept.length > 2 * most + 1000) {
        kept = kept.sort(byKey).slice(0, most);
        bytes = kept.reduce((sum, each) => sum + each.found.raw.length, 0);
      }
      if (bytes > sortBytes)
        throw new CommandError(
          'QueryExceededMemoryLimitNoDiskUseAllowed',
          'Sort exceeded memory limit of 104857600 bytes; an index that is in the order asked for needs none',
        );
    }
    yield undefined;
  }
  for (const { found } of kept.sort(byKey)) yield found;
}

function* slice(search: Search, skip: number, limit: number): Search {
  let passed = 0;
  for (const found of search) {
    if (!found) {
      yield undefined;
      continue;
    }
    passed++;
    yield passed > skip ? found : undefined;
    if (limit > 0 && passed === skip + limit) return;
  }
}

const searchScan = (reading: Reading, scan: IndexScan): Search[] =>
  scan.ranges.map((range) => searchRange(reading, scan.index, range));

/** Whether an entry may be in two of the ranges: those of values that are alike up to where long keys are cut. */
const overlap = (ranges: readonly KeyRange[]): boolean => {
  const inOrder = ranges.toSorted((a, b) => Buffer.compare(a.from, b.from));
  return inOrder.some(({ to, isOne }, n) => {
    const next = inOrder[n + 1];
    return !isOne && next !== undefined && Buffer.compare(next.from, to) < 0;
  });
};

/** The search that carries out a plan, in the order asked for. */
export const searchWith = (
  plan: Plan,
  reading: Reading,
  { sort, skip, limit }: Pick<Query, 'sort' | 'skip' | 'limit'>,
): Search => {
  const parts = plan.text
    ? [searchText(reading, plan.text)]
    : plan.scans.flatMap((scan) => searchScan(reading, scan));
  const isOrdered = plan.isSorted && sort.length > 0 && parts.length > 1;
  const all = isOrdered ? merged(parts, sort) : oneAfterAnother(parts);
  const mayRepeat =
    plan.scans.length > 1 ||
    plan.scans.some(({ index, ranges }) => index.isMultikey.includes(true) || overlap(ranges));
  const distinct = mayRepeat ? once(all) : all;
  const keyOf = sortKeyOf(sort);
  const inOrder = plan.isSorted
    ? distinct
    : sorted(
        distinct,
        (found) => keyOf(documentOf(found), found.score),
        limit > 0 ? skip + limit : 0,
      );
  return skip > 0 || limit > 0 ? slice(inOrder, skip, limit) : inOrder;
};

/** Plans a query and starts its search. */
export const search = (
  store: Store,
  collection: Collection,
  query: Query,
  examined: Examined = { keys: 0, documents: 0 },
): Search => {
  const plan = planQuery(collection, query.filter, query.sort, query.indexes);
  return searchWith(plan, { store, collection, filter: query.filter, examined }, query);
};
