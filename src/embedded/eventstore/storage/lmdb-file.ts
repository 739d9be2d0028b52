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

/**
 * Runs a job in a transaction of its own. What it reads is what is committed, and what it wrote itself.
 *
 * @throws what the job or the file system said; nothing of the transaction is kept then
 */
export const transact = async <Result>(file: LmdbFile, job: () => Result): Promise<Result> => {
  try {
    return await file.childTransaction(job);
  } catch (error) {
    throw await reasonOf(error);
  } finally {
    file.resetReadTxn();
  }
};

// lmdb tells the reason by another promise, which must not be left without a handler.
const reasonOf = async (error: unknown): Promise<unknown> => {
  const { commitError } = error as { commitError?: Promise<never> };
  return commitError === undefined ? error : commitError.catch((reason: unknown) => reason);
};
