import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ReadOptions, readRuns } from '../../src/importing/read-runs.js';
import type { ReadRun, RecordedRun } from '../../src/importing/recorded-run.js';
import { UnreadableRecording } from '../../src/importing/unreadable-recording.js';

/** The bytes in chunks of a given size, as a request or a file would bring them. */
export async function* inChunks(
  content: string | Uint8Array,
  size = 1 << 16,
): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

export const readAll = async (
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  options?: ReadOptions,
): Promise<readonly ReadRun[]> => {
  const source =
    typeof content === 'string' || content instanceof Uint8Array ? inChunks(content) : content;
  const entries: ReadRun[] = [];
  for await (const entry of readRuns(source, options)) entries.push(entry);
  return entries;
};

/** The one run of a value written as JSON. */
export const readOne = async (value: unknown, options?: ReadOptions): Promise<RecordedRun> => {
  const entries = await readAll(JSON.stringify(value), options);
  const [entry] = entries;
  if (entries.length !== 1 || !entry || !('run' in entry))
    throw new Error(`not one run: ${JSON.stringify(entries).slice(0, 500)}`);
  return entry.run;
};

/** The error a content is refused with; anything but an UnreadableRecording is thrown on. */
export const refusalOf = async (
  content: string | Uint8Array,
  options?: ReadOptions,
): Promise<UnreadableRecording> => {
  try {
    await readAll(content, options);
  } catch (error) {
    if (error instanceof UnreadableRecording) return error;
    throw error;
  }
  throw new Error('it was read');
};

const shared = resolve('../shared/data');

/** The folder of recorded runs beside the project, where there is one. */
export const sharedData = existsSync(shared) ? shared : undefined;
