import { Presets, SingleBar } from 'cli-progress';
import type { Terminal } from '../../src/cli/terminal.js';

/** Shows how far a run is, and what it is doing. */
export type ProgressBar = Readonly<{ tell(doing: string, share: number): void; end(): void }>;

/** A bar where something can be redrawn; elsewhere a line whenever something else is done. */
export const progressBar = ({ canRedraw, note }: Terminal): ProgressBar => {
  if (!canRedraw) return { tell: linesOf(note), end: () => {} };
  const bar = new SingleBar(
    { format: '{bar} {percentage} % {doing}', barsize: 30, hideCursor: true, fps: 5 },
    Presets.shades_classic,
  );
  bar.start(100, 0, { doing: 'starting' });
  return {
    tell: (doing, share) => bar.update(Math.round(share * 100), { doing }),
    end: () => bar.stop(),
  };
};

const linesOf = (note: Terminal['note']) => {
  let last = '';
  return (doing: string): void => {
    // Counts within a phase are for those who watch.
    const phase = doing.replaceAll(/\d+/g, '');
    if (phase !== last) note(doing);
    last = phase;
  };
};
