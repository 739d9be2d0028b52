import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Recorded runs of real agents, which live beside the project and not in it. */
export const recordedData = resolve('../shared/data');

export const isRecordedDataThere = existsSync(recordedData);

/** The files of runs, in a fixed order. */
export const recordedFiles = async (): Promise<readonly string[]> => {
  const entries = await readdir(recordedData, { recursive: true });
  return entries
    .filter((entry) => /\.(traj|json)(\.gz)?$/.test(entry))
    .sort()
    .map((entry) => join(recordedData, entry));
};
