import { segmentRange } from './catalogue.js';
import { type Context, writeWith } from './context.js';
import { CommandError } from './errors.js';
import { decode } from './raw.js';

const sliceMilliseconds = 20;

/**
 * Fills a new index from the documents that are there, a little at a time. Writes that come
 * meanwhile keep it up to date themselves, whether it has got to their document yet or not.
 *
 * @throws CommandError DuplicateKey where the documents break its uniqueness; the index is gone then
 */
export const buildIndex = async (context: Context, ns: string, name: string): Promise<void> => {
  const { store, catalogue, documents } = context;
  // Where the search goes on; a range starts with its first key, so just behind the last one.
  let from: Buffer | undefined;
  const addSome = (): boolean => {
    const collection = catalogue.find(ns);
    const index = collection?.indexes.find((each) => each.name === name);
    if (!collection || !index)
      throw new CommandError('IndexNotFound', 'the index was dropped while it was being built');
    const start = performance.now();
    const range = segmentRange(collection.segment);
    for (const { key, value } of store.entries({ from: from ?? range.from, to: range.to })) {
      if (performance.now() - start > sliceMilliseconds) return false;
      documents.addToIndex(ns, name, key.subarray(4), decode(value));
      from = Buffer.concat([key, Buffer.from([0])]);
    }
    const now = catalogue.get(ns).indexes.find((each) => each.name === name) ?? index;
    catalogue.saveIndex(ns, { ...now, isBuilding: false });
    return true;
  };
  try {
    while (!(await writeWith(context, addSome)));
  } catch (error) {
    await abandonIndex(context, ns, name);
    throw error;
  }
};

/** Removes an index that could not be finished. */
export const abandonIndex = async (context: Context, ns: string, name: string): Promise<void> => {
  await writeWith(context, () => {
    const index = context.catalogue.find(ns)?.indexes.find((each) => each.name === name);
    if (index?.isBuilding) context.catalogue.dropIndex(ns, index);
  });
  context.purge();
};
