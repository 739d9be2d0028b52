import type { Collection } from 'mongodb';
import {
  beginners,
  foldDocument,
  type KeyedEvents,
  type Mark,
  type StoredDocument,
  withKeys,
} from './fold-batch.js';
import { insertNew, replaceOlder } from './guarded-writes.js';
import type { AnyProjection } from './projection.js';

type Target = Readonly<{
  projection: AnyProjection;
  collection: Collection<StoredDocument>;
  /** Where marks are kept. */
  history: Collection<Mark>;
}>;

/**
 * Folds events, by document, into the documents of a projection that is not ranged. A document that
 * begins with these events is inserted without being looked for. If it turns out to be there already
 * (the events were folded before, or another node folds them too), it is read and folded again.
 */
export const applyDocuments = async (target: Target, keyed: KeyedEvents): Promise<void> => {
  let left = keyed;
  let begun = beginners(target.projection, keyed);
  while (left.size > 0) {
    const wanted = [...left.keys()].filter((key) => !begun.has(key));
    const taken = await foldAndWrite(target, left, await read(target, wanted));
    left = withKeys(left, taken);
    begun = new Set();
  }
};

const read = async (
  { collection }: Target,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredDocument>> => {
  if (keys.length === 0) return new Map();
  const stored = await collection
    .find({ _id: { $in: [...keys] } }, { batchSize: keys.length + 1 })
    .toArray();
  return new Map(stored.map((document) => [document._id, document]));
};

/** @returns the keys of documents that were there already although they are not among the stored ones */
const foldAndWrite = async (
  { projection, collection, history }: Target,
  keyed: KeyedEvents,
  stored: ReadonlyMap<string, StoredDocument>,
): Promise<ReadonlySet<string>> => {
  const folded = [...keyed].flatMap(
    ([key, events]) => foldDocument(projection, key, events, stored.get(key)) ?? [],
  );
  // What a document was is kept before the document moves on: it cannot be told afterwards. A mark
  // that is there already is the same, for what a document was at a revision never changes.
  await insertNew(
    history,
    folded.flatMap(({ marks }) => marks),
  );
  const added: StoredDocument[] = [];
  const moved: StoredDocument[] = [];
  for (const { _id, document } of folded)
    if (document) (stored.has(_id) ? moved : added).push(document);
  const [taken] = await Promise.all([
    insertNew(collection, added),
    replaceOlder(collection, moved),
  ]);
  for (const { _id, position, document } of folded)
    if (!document && stored.has(_id))
      await collection.deleteOne({ _id, position: { $lt: position } });
  return taken;
};
