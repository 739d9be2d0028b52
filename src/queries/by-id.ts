import type { Collection } from 'mongodb';
import { askedTogether } from '../projecting/asked-together.js';

type Named = Readonly<{ _id: string }>;

/** For how long a look-up waits for the one before: where the database hangs, each fails by itself. */
const patienceMs = 20;

/** Finds documents by their names; what is not there is left out. */
type Find = (ids: readonly string[]) => Promise<ReadonlyMap<string, unknown>>;

/**
 * Looks up documents by `_id`. Look-ups in a collection that come while one is under way become one of
 * `$in`: for the driver and the database one of twenty documents is hardly more work than one of one.
 */
export type ById = <Document extends Named>(
  collection: Collection<Document>,
  id: string,
) => Promise<Document | undefined>;

/** Makes one for the collections of a database. */
export const lookUpsById = (): ById => {
  const finds = new Map<string, Find>();

  const findOf = <Document extends Named>(collection: Collection<Document>): Find => {
    const known = finds.get(collection.namespace);
    if (known) return known;
    const find = askedTogether(async (ids: readonly string[]) => {
      // The driver's types cannot tell that _id is a field of a generic document.
      const filter = { _id: ids.length === 1 ? ids[0] : { $in: ids } } as never;
      const found = await collection.find(filter, { batchSize: ids.length + 1 }).toArray();
      return new Map(found.map((document) => [document._id, document]));
    }, patienceMs);
    finds.set(collection.namespace, find);
    return find;
  };

  return async <Document extends Named>(collection: Collection<Document>, id: string) =>
    // What a collection finds are its documents.
    (await findOf(collection)([id])).get(id) as Document | undefined;
};
