import type { Catalogue, Collection } from './catalogue.js';
import type { Cursors } from './cursors.js';
import type { Documents } from './documents.js';
import { CommandError } from './errors.js';
import type { Store } from './store.js';
import type { Reply, Request } from './wire.js';

/** What commands work with. */
export type Context = Readonly<{
  store: Store;
  catalogue: Catalogue;
  documents: Documents;
  cursors: Cursors;
  /** Removes what dropped collections and indexes left, in the background. */
  purge: () => void;
  startedAt: Date;
}>;

/** Carries out one command. */
export type Command = (context: Context, request: Request) => Promise<Reply> | Reply;

/** The namespace that a command's first field names. @throws CommandError InvalidNamespace */
export const namespaceOf = ({ db, name, args }: Request): string => {
  const collection: unknown = args[name];
  if (typeof collection !== 'string' || collection === '')
    throw new CommandError('InvalidNamespace', `collection name has invalid type for ${name}`);
  return `${db}.${collection}`;
};

/**
 * Runs a job in a transaction of its own; where it fails, what it changed in the catalogue is
 * taken back together with what it wrote.
 */
export const writeWith = async <Result>(
  { store, catalogue, documents }: Pick<Context, 'store' | 'catalogue' | 'documents'>,
  job: () => Result,
): Promise<Result> => {
  let isDone = false;
  try {
    return await store.write(() => {
      const takeBack = catalogue.remember();
      try {
        const result = job();
        documents.postings.settle();
        isDone = true;
        return result;
      } catch (error) {
        // At once: other jobs may run before this one's promise is settled.
        takeBack();
        documents.postings.forget();
        throw error;
      }
    });
  } catch (error) {
    if (isDone) catalogue.reload();
    throw error;
  }
};

/**
 * Makes sure at the end of a search that the collection was there all the time: a drop takes its
 * documents away little by little, and half a result must not pass for a whole one.
 *
 * @throws CommandError QueryPlanKilled
 */
export const ensureThere = ({ catalogue }: Context, collection: Collection | undefined): void => {
  if (collection && !catalogue.holds(collection))
    throw new CommandError('QueryPlanKilled', `collection dropped: ${collection.ns}`);
};
