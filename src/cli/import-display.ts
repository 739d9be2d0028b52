import type { ImportCounts } from '../client/client.js';
import { progressBar } from './progress-bar.js';
import type { Terminal } from './terminal.js';

/** Shows how far an import is while it goes on. */
export type ImportDisplay = Readonly<{
  update(filesDone: number, counts: ImportCounts): void;
  fileDone(line: string): void;
  end(): void;
}>;

/** A bar where something can be redrawn, a line for each file elsewhere. */
export const importDisplay = (
  files: number,
  { canRedraw, note }: Pick<Terminal, 'canRedraw' | 'note'>,
): ImportDisplay => {
  if (!canRedraw) return { update: () => {}, fileDone: note, end: () => {} };
  const bar = progressBar(
    '{bar} {value}/{total} files, {runs} runs, {messages} messages, {checkpoints} checkpoints',
  );
  bar.start(files, 0, { runs: 0, messages: 0, checkpoints: 0 });
  return {
    update: (done, counts) => bar.update(done, counts),
    fileDone: () => {},
    end: () => bar.stop(),
  };
};
