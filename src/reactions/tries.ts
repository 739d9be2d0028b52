import type { Clock } from '../projecting/clock.js';
import type { Deadline } from '../queries/deadlines.js';

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;

/** Remembers what was tried and is still shown as due: whose turn it is again, and when. */
export type Tries = Readonly<{
  isTurn: (deadline: Deadline) => boolean;
  /** Notes that a deadline was tried. It waits twice as long each time. */
  note: (deadline: Deadline) => void;
  /** Forgets what was not asked about since this was last called. */
  forgetOthers: () => void;
}>;

/**
 * Remembers no try yet.
 *
 * @param clock says when it is a deadline's turn again
 */
export const triesOf = (clock: Clock): Tries => {
  const tried = new Map<string, Readonly<{ waitMs: number; again: number }>>();
  let asked = new Set<string>();

  return {
    isTurn: (deadline) => {
      const key = keyOf(deadline);
      asked.add(key);
      return clock.now() >= (tried.get(key)?.again ?? 0);
    },
    note: (deadline) => {
      const key = keyOf(deadline);
      const before = tried.get(key)?.waitMs;
      const waitMs = before === undefined ? firstWaitMs : Math.min(2 * before, longestWaitMs);
      tried.set(key, { waitMs, again: clock.now() + waitMs });
    },
    forgetOthers: () => {
      for (const key of tried.keys()) if (!asked.has(key)) tried.delete(key);
      asked = new Set();
    },
  };
};

/** Another deadline of the same stream is another deadline. */
const keyOf = ({ stream, revision }: Deadline): string => `${stream}@${revision}`;
