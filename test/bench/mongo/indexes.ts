import type { Collection, IndexDescription } from 'mongodb';

/** The indexes of a collection besides that of `_id`, as `createIndexes` takes them to make the same elsewhere. */
export const indexesOf = async (collection: Collection): Promise<readonly IndexDescription[]> =>
  (await collection.indexes())
    .filter(({ name }) => name !== '_id_')
    .map(({ key, weights }) => ({ key: weights ? wordsOf(Object.keys(weights)) : key }));

/** The key of an index of words, which the server tells in terms of its own. */
const wordsOf = (fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => [field, 'text' as const]));
