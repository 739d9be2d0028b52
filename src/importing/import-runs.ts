import type { ImportRequest } from './carry-out.js';
import { ImportRefused } from './import-refused.js';
import {
  type ImportDependencies,
  type ImportedRun,
  type ImportProgress,
  importRun,
} from './import-run.js';
import type { ReadRun, RecordedRun } from './recorded-run.js';

/** What became of an entry of a file: imported, or why not. `index` counts the entries from 0. */
export type ImportItem =
  | (Readonly<{ index: number }> & ImportedRun)
  | Readonly<{ index: number; error: string; code: string }>;

export type ImportRunsOptions = Readonly<{
  /** How many runs are imported at a time; 4 by default. */
  concurrency?: number;
  /** Called as a run's import goes on, with the run's place in the file. */
  onProgress?: (index: number, run: RecordedRun, progress: ImportProgress) => void;
}>;

/**
 * Imports the runs of a file, a few at a time, and gives what became of each in the order of the
 * file. A run that cannot be read or is refused does not stop the others.
 *
 * @throws what reading the file throws, after everything read before has been imported and given;
 *   what the stores throw, after what was under way has ended
 */
export async function* importRuns(
  entries: AsyncIterable<ReadRun>,
  request: ImportRequest,
  dependencies: ImportDependencies,
  { concurrency = 4, onProgress = () => {} }: ImportRunsOptions = {},
): AsyncGenerator<ImportItem> {
  const importOne = async (entry: ReadRun): Promise<ImportItem> => {
    const { index } = entry;
    if (!('run' in entry)) return { index, error: entry.unreadable, code: 'unreadable-recording' };
    const { run } = entry;
    try {
      const report = (progress: ImportProgress) => onProgress(index, run, progress);
      return { index, ...(await importRun(run, request, dependencies, report)) };
    } catch (error) {
      if (!(error instanceof ImportRefused)) throw error;
      return { index, error: error.message, code: error.code };
    }
  };

  const underWay: Promise<ImportItem>[] = [];
  const start = (entry: ReadRun): void => {
    const item = importOne(entry);
    // Its turn to be awaited may come long after it failed.
    item.catch(() => {});
    underWay.push(item);
  };
  const reading = entries[Symbol.asyncIterator]();
  let readingFailed: { error: unknown } | undefined;
  let isRead = false;
  try {
    for (;;) {
      while (!isRead && underWay.length < concurrency) {
        try {
          const next = await reading.next();
          if (next.done) isRead = true;
          else start(next.value);
        } catch (error) {
          readingFailed = { error };
          isRead = true;
        }
      }
      const first = underWay.shift();
      if (first === undefined) break;
      yield await first;
    }
  } finally {
    await reading.return?.(undefined);
    await Promise.allSettled(underWay);
  }
  if (readingFailed) throw readingFailed.error;
}
