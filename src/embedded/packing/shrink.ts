import { mkdir, open as openHandle, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Database, open, type RootDatabase } from 'lmdb';
import { pageBytes } from './cut-blocks.js';

/** A table of an LMDB file. */
export type Table = Readonly<{
  /** Absent for the one that every file has, in which the names of the others are as well. */
  name?: string;
  entries: Database<Buffer, Buffer>;
  /** What comes behind all keys: in the unnamed table the names. */
  end?: Buffer;
}>;

/** What LMDB calls the file of an environment that is opened by its folder. */
const nameInFolder = 'data.mdb';

type Pages = Readonly<Record<string, number>>;

/** Of what is in use: a copy of this much takes about two seconds. */
const mostCopied = 256 * 1024 * 1024;
const leastGained = 64 * 1024;
/** How many entries are looked at to learn how full their pages are, which takes half a second. */
const mostCounted = 262_144;
const batchBytes = 4 * 1024 * 1024;
/** What LMDB adds to a key and a value: a header, and the place in the page. */
const entryBytes = 10;
/** Larger values have pages of their own. */
const largestBeside = 2_000;

/**
 * Closes a file, and before that writes it anew beside it where that is worth it: LMDB uses free pages
 * again but never gives them back, and leaves pages half full that were written to in any order. Written
 * in the order of the keys they are full. The new file takes the place of the old one once that is
 * closed: a crash leaves one or the other.
 *
 * @param path of the file
 * @param tables all that there are in it
 */
export const closeSmaller = async (
  env: RootDatabase<Buffer, Buffer>,
  path: string,
  tables: readonly Table[],
): Promise<void> => {
  const {
    lastPageNumber = 0,
    lastTxnId,
    root,
  } = env.getStats() as Pages & Readonly<{ root: Pages }>;
  const pageSize = root.pageSize ?? 4096;
  const needed = tables.reduce((sum, table) => sum + pagesNeeded(table), 2);
  const gained = (lastPageNumber + 1 - needed) * pageSize;
  const used = needed * pageSize;
  const isWorthIt = gained > leastGained && gained > used / 16 && used < mostCopied;
  const folder = `${path}.smaller`;
  const copy = join(folder, basename(path));
  await rm(folder, { recursive: true, force: true });
  // Without room for a copy the file stays as it is.
  const isWritten =
    isWorthIt &&
    (await writeAnew(tables, copy).then(
      () => true,
      () => false,
    ));
  await env.close();
  // What somebody wrote meanwhile only the old one has. Closing waits for what is under way: before
  // that, a transaction would not be seen whose commit takes longer than the copy.
  if (isWritten && (await lastTransaction(path)) === lastTxnId)
    await rename(copy, path).then(() => flush(dirname(path)));
  await rm(folder, { recursive: true, force: true });
};

/** The number of the last transaction in a file that nobody has open. */
const lastTransaction = async (path: string): Promise<number | undefined> => {
  // By the path that it is otherwise opened by, which also says where its locks are.
  const isInFolder = basename(path) === nameInFolder;
  const file = open({
    path: isInFolder ? dirname(path) : path,
    noSubdir: !isInFolder,
    readOnly: true,
  });
  const { lastTxnId } = file.getStats() as Pages;
  await file.close();
  return lastTxnId;
};

/** How many pages a table takes at most once it is written anew. */
const pagesNeeded = ({ entries, end }: Table): number => {
  const stats = entries.getStats() as Pages;
  const { treeBranchPageCount = 0, treeLeafPageCount = 0, overflowPages = 0 } = stats;
  const shared = treeBranchPageCount + treeLeafPageCount;
  // Pages of their own are full. Where most are, there is nothing to be had that is worth reading it all.
  if ((stats.entryCount ?? 0) > mostCounted || shared * 16 < overflowPages)
    return shared + overflowPages;
  let bytes = 0;
  for (const { key, value } of entries.getRange(end ? { end } : {}))
    bytes += key.length + entryBytes + (value.length > largestBeside ? 8 : value.length);
  // Some of the last page of each stays free, where the next entry does not fit.
  return overflowPages + Math.min(shared, Math.ceil((bytes / pageBytes) * 1.15) + 2);
};

const writeAnew = async (tables: readonly Table[], path: string): Promise<void> => {
  await mkdir(dirname(path));
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  // It is flushed as a whole, before it takes the other's place.
  const file = open<Buffer, Buffer>({ path, ...binary, noSync: true, maxDbs: tables.length + 1 });
  try {
    for (const { name, entries, end } of tables) {
      const table = name === undefined ? file : file.openDB<Buffer, Buffer>({ name, ...binary });
      let start: Buffer | undefined;
      do {
        start = file.transactionSync(() => appendSome(table, entries, start, end));
        await turn();
      } while (start);
    }
  } finally {
    await file.close();
  }
  await flush(path);
};

/** @returns the key of the last one appended, behind which to go on; undefined when there is no more */
const appendSome = (
  table: Database<Buffer, Buffer>,
  entries: Database<Buffer, Buffer>,
  behind: Buffer | undefined,
  end: Buffer | undefined,
): Buffer | undefined => {
  const range = {
    ...(behind && { start: behind, exclusiveStart: true }),
    ...(end && { end }),
  };
  let bytes = 0;
  for (const { key, value } of entries.getRange(range)) {
    table.putSync(key, value, { append: true });
    bytes += key.length + value.length;
    if (bytes > batchBytes) return key;
  }
  return undefined;
};

const flush = async (path: string): Promise<void> => {
  const handle = await openHandle(path, 'r');
  await handle.sync().finally(() => handle.close());
};
