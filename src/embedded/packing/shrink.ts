import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RootDatabase } from 'lmdb';

type Pages = Readonly<Record<string, number>>;

/** Of what is in use: a copy of this much takes about a second. */
const mostCopied = 256 * 1024 * 1024;
const leastGained = 64 * 1024;

const pagesOf = (part: Pages): number =>
  (part.treeBranchPageCount ?? 0) + (part.treeLeafPageCount ?? 0) + (part.overflowPages ?? 0);

/**
 * Copies a file of which much is free pages beside it, and puts the copy in its place once the file
 * is closed: LMDB uses free pages again, but never gives them back. A crash leaves one or the other.
 *
 * @param path of the file
 * @param parts the statistics of its named tables
 */
export const closeSmaller = async (
  env: RootDatabase<Buffer, Buffer>,
  path: string,
  parts: readonly object[],
): Promise<void> => {
  const { root, lastPageNumber = 0 } = env.getStats() as Readonly<{
    root: Pages;
    lastPageNumber?: number;
  }>;
  const pageSize = root.pageSize ?? 4096;
  const inUse = [root, ...(parts as Pages[])].reduce((sum, part) => sum + pagesOf(part), 2);
  const gained = (lastPageNumber + 1 - inUse) * pageSize;
  const used = inUse * pageSize;
  const isWorthIt = gained > leastGained && gained > used / 16 && used < mostCopied;
  const folder = `${path}.smaller`;
  const copy = join(folder, basename(path));
  await rm(folder, { recursive: true, force: true });
  // Without room for a copy the file stays as it is.
  const isCopied = isWorthIt && (await copied(env, copy).catch(() => false));
  await env.close();
  if (isCopied) await rename(copy, path).then(() => flush(dirname(path)));
  await rm(folder, { recursive: true, force: true });
};

const copied = async (env: RootDatabase<Buffer, Buffer>, copy: string): Promise<true> => {
  await mkdir(dirname(copy));
  // LMDB copies a file that it was told the folder of into a folder.
  await env.backup(basename(copy) === 'data.mdb' ? dirname(copy) : copy, true);
  await flush(copy);
  return true;
};

const flush = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};
