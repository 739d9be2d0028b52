import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const recordings = /\.(?:traj|json|jsonl)(?:\.gz)?$/i;
const besides = /^(?:manifest|readme|licen[cs]e|package(?:-lock)?)\b/i;

/**
 * The files that paths stand for, in order: files as they are named, folders for the recordings
 * anywhere in them. What only describes recordings, such as a manifest, is passed over.
 *
 * A path that leads nowhere is given as it is: opening it will say so.
 */
export const recordingFiles = async (paths: readonly string[]): Promise<readonly string[]> => {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    files.push(...(isFolder ? await recordingsIn(path) : [path]));
  }
  return [...new Set(files)];
};

const recordingsIn = async (folder: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const entry of await opendir(folder, { recursive: true }))
    if (entry.isFile() && recordings.test(entry.name) && !besides.test(entry.name))
      found.push(join(entry.parentPath, entry.name));
  return found.sort();
};
