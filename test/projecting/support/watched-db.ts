import type { Collection, Db } from 'mongodb';

/** Stands around what is done to a database. */
export type Around = Readonly<{
  /** Carries out a write, or not; what it throws is what the caller meets. */
  write?: (collection: string, run: () => Promise<unknown>) => Promise<unknown>;
  /** Sees each read before it begins; what it throws is what the caller meets. */
  read?: (collection: string) => void;
}>;

const writes = new Set([
  'insertMany',
  'bulkWrite',
  'deleteMany',
  'deleteOne',
  'updateOne',
  'updateMany',
]);
const reads = new Set(['find', 'findOne', 'distinct', 'createIndex', 'createIndexes']);

/** The same database, with someone standing around its writes and reads. */
export const watchedDb = (db: Db, { write, read }: Around): Db => {
  const watched = <Target extends object>(
    target: Target,
    wrap: (method: string, call: (...args: unknown[]) => unknown) => unknown,
  ): Target =>
    new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? wrap(String(name), value.bind(target)) : value;
      },
    });
  const collection = (original: Collection) =>
    watched(original, (method, call) => (...args: unknown[]) => {
      const run = () => call(...args) as Promise<unknown>;
      if (reads.has(method)) read?.(original.collectionName);
      return write && writes.has(method) ? write(original.collectionName, run) : run();
    });
  return watched(db, (method, call) =>
    method === 'collection'
      ? (...args: unknown[]) => collection(call(...args) as Collection)
      : call,
  );
};

/** A database as a process sees it that dies: nothing is done any more from a certain write on. */
export type MortalDb = Readonly<{
  db: Db;
  /** Resolves when it has died. */
  died: Promise<void>;
}>;

/**
 * @param writes how many writes are done before the one at which it dies
 * @param isLastDone whether that one is still done: its answer is lost in any case
 */
export const mortalDb = (db: Db, writes: number, isLastDone: boolean): MortalDb => {
  let left = writes;
  let isDead = false;
  let die = () => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const failIfDead = () => {
    if (isDead) throw new Error('the process is dead');
  };
  return {
    died,
    db: watchedDb(db, {
      read: failIfDead,
      write: async (_, run) => {
        failIfDead();
        if (left > 0) {
          left -= 1;
          return run();
        }
        isDead = true;
        if (isLastDone) await run().catch(() => undefined);
        die();
        failIfDead();
        return undefined;
      },
    }),
  };
};
