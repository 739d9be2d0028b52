import { Presets, SingleBar } from 'cli-progress';

/**
 * A bar that is redrawn in place on standard error, not yet begun.
 *
 * @param format as cli-progress takes it: `{bar}`, `{value}`, `{total}`, and whatever names it is updated with
 */
export const progressBar = (format: string): SingleBar =>
  new SingleBar(
    { format, barsize: 20, hideCursor: true, gracefulExit: true, stopOnComplete: false },
    Presets.shades_classic,
  );
