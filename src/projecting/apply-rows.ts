import type { Collection } from 'mongodb';
import { beginners, foldRows, type KeyedEvents, type StoredRow, withKeys } from './fold-batch.js';
import { insertNew, replaceOlder } from './guarded-writes.js';
import type { AnyProjection } from './projection.js';

type OpenRows = ReadonlyMap<string, readonly StoredRow[]>;

/**
 * Folds events, by document, into the rows of a ranged projection. A document that begins with these
 * events is inserted without being looked for. If rows of it turn out to be there already (the events
 * were folded before, or another node folds them too), they are read and folded again.
 */
export const applyRows = async (
  projection: AnyProjection,
  collection: Collection<StoredRow>,
  keyed: KeyedEvents,
): Promise<void> => {
  let left = keyed;
  let begun = beginners(projection, keyed);
  while (left.size > 0) {
    const wanted = [...left.keys()].filter((key) => !begun.has(key));
    const open = await openRows(collection, wanted);
    const folded = [...left].map(([key, events]) =>
      foldRows(projection, key, events, open.get(key) ?? []),
    );
    const opened = folded.flatMap((rows) => rows.opened);
    const taken = await insertNew(collection, opened);
    await replaceOlder(
      collection,
      folded.flatMap(({ closed }) => closed),
    );
    left = withKeys(
      left,
      opened.flatMap(({ _id, key }) => (taken.has(_id) ? key : [])),
    );
    begun = new Set();
  }
};

const openRows = async (
  collection: Collection<StoredRow>,
  keys: readonly string[],
): Promise<OpenRows> => {
  const open = await readOpen(collection, keys);
  // A document without an open row is new, unless someone else put the next row in the place of
  // one while this was being read.
  const missing = keys.filter((key) => !open.has(key));
  const moved = missing.length > 0 ? await withRows(collection, missing) : [];
  return moved.length > 0 ? new Map([...open, ...(await readOpen(collection, moved))]) : open;
};

const readOpen = async (
  collection: Collection<StoredRow>,
  keys: readonly string[],
): Promise<OpenRows> => {
  if (keys.length === 0) return new Map();
  const found = await collection
    .find({ key: { $in: [...keys] }, to: null }, { batchSize: 2 * keys.length + 1 })
    .sort({ from: 1, _id: 1 })
    .toArray();
  const open = new Map<string, StoredRow[]>();
  for (const row of found) {
    const others = open.get(row.key);
    if (others) others.push(row);
    else open.set(row.key, [row]);
  }
  return open;
};

/** Which of the keys have rows, open or not. */
const withRows = (
  collection: Collection<StoredRow>,
  keys: readonly string[],
): Promise<readonly string[]> => collection.distinct('key', { key: { $in: [...keys] } });
