import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';

/** An LMDB environment in a file of its own, with binary keys and values. */
export type LmdbFile = RootDatabase<Buffer, Buffer>;

/**
 * Opens a file so that a commit's promise means that it is on disk: without overlapping syncs, LMDB
 * writes the pages, flushes them, and only then writes (synchronously) the page that makes them
 * valid. Only what is written by {@link commit} shares a transaction.
 */
export const openFile = (folder: string, name: string): LmdbFile =>
  open<Buffer, Buffer>({
    path: join(folder, name),
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
  });

/**
 * Puts a value behind all others: told so, LMDB fills a page before it begins the next, where it would
 * leave them half full otherwise. To be called within {@link commit}, which fails for a key that is
 * not the last.
 */
export const putLast = (file: LmdbFile, key: Buffer, value: Buffer): void => {
  // The library takes options here as it does in `putSync`, the only place where its types say so.
  void file.put(key, value, { append: true } as unknown as number);
};

/**
 * Commits writes as one transaction. Reads that follow see it.
 *
 * @param write puts and removes, without awaiting them
 * @throws what the file system said; nothing of the transaction is kept then
 */
export const commit = async (file: LmdbFile, write: () => void): Promise<void> => {
  try {
    await file.batch(write);
  } catch (error) {
    throw await reasonOf(error);
  }
  file.resetReadTxn();
};

// lmdb tells the reason by another promise, which must not be left without a handler.
const reasonOf = async (error: unknown): Promise<unknown> => {
  const { commitError } = error as { commitError?: Promise<never> };
  return commitError === undefined ? error : commitError.catch((reason: unknown) => reason);
};
