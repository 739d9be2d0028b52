import { type Collection, MongoBulkWriteError } from 'mongodb';
import { duplicateKey } from './duplicate-key.js';
import type { StoredDocument, StoredRow } from './fold-batch.js';

/** What says as of which position it is. */
type Guarded = Pick<StoredDocument | StoredRow, '_id' | 'position'>;

/**
 * Adds documents that seem to be new.
 *
 * @returns the `_id`s of those that were there already: they stay as they were
 */
export const insertNew = async <Document extends Pick<Guarded, '_id'>>(
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<ReadonlySet<Document['_id']>> => {
  if (documents.length === 0) return new Set();
  try {
    // The driver's types cannot tell that a generic document has its _id.
    await collection.insertMany(documents as never[], { ordered: false });
    return new Set();
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const errors = [error.writeErrors].flat();
    const { insertedCount } = error.result;
    // Without an answer from the database there is no error of any document, and nothing is in.
    if (
      insertedCount + errors.length < documents.length ||
      error.result.getWriteConcernError() ||
      errors.some(({ code }) => code !== duplicateKey)
    )
      throw error;
    return new Set(errors.flatMap(({ index }) => documents[index]?._id ?? []));
  }
};

/**
 * Adds documents that seem to be new one after the other, so that whatever ends it, none is there without
 * those before it. Those that were there already stay as they were.
 */
export const insertInTurn = async <Document extends Pick<Guarded, '_id'>>(
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<void> => {
  for (let left = documents; left.length > 0; ) {
    try {
      // The driver's types cannot tell that a generic document has its _id.
      await collection.insertMany(left as never[], { ordered: true });
      return;
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.code !== duplicateKey) throw error;
      if (error.result.getWriteConcernError()) throw error;
      // An ordered insert ends with the first that is there: what others wrote is looked for once.
      const ids = left.map(({ _id }) => _id);
      const found = await collection.distinct('_id', { _id: { $in: ids } } as never);
      const there = new Set<unknown>(found);
      left = left.filter(({ _id }) => !there.has(_id));
    }
  }
};

/**
 * Replaces documents where what is there is older. What is newer stays, and what is no longer
 * there, because its stream was deleted for good, does not come back.
 */
export const replaceOlder = async <Document extends Guarded>(
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<void> => {
  if (documents.length === 0) return;
  const operations = documents.map((document) => ({
    replaceOne: {
      filter: { _id: document._id, position: { $lt: document.position } },
      replacement: document,
    },
  }));
  // The driver's types cannot tell that _id and position are fields of a generic document.
  await collection.bulkWrite(operations as never[], { ordered: false });
};
