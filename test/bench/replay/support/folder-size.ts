import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the files below a folder take on disk, in bytes. */
export const folderSize = async (folder: string): Promise<number> => {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).blocks * 512);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};
