import { waitMsAfter } from './backoff.js';
import { ForklineError } from './forkline-error.js';
import { pause } from './pause.js';

/** Told when a call finds the server away, before each pause, and when one finds it back. */
export type Reachability = Readonly<{
  away(error: ForklineError, waitMs: number): void;
  back(): void;
}>;

export type Patience = Readonly<{
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** The longest pause, in milliseconds; 10 s by default. */
  mostMs?: number;
}>;

/** Whether the same call may well be answered otherwise later. */
export const isPassing = (error: unknown): error is ForklineError =>
  error instanceof ForklineError &&
  (error.status === 0 ||
    error.status === 429 ||
    error.status >= 500 ||
    error.code === 'unexpected-answer' ||
    error.code === 'revision-conflict');

/**
 * Calls until there is an answer, with pauses that grow. What is called must be safe to be called again.
 *
 * @throws what is no matter of time, and what aborting throws
 */
export const untilAnswered = async <Answer>(
  call: () => Promise<Answer>,
  reachability: Reachability,
  { signal, mostMs = Number.POSITIVE_INFINITY }: Patience = {},
): Promise<Answer> => {
  for (let failures = 0; ; ) {
    try {
      const answer = await call();
      reachability.back();
      return answer;
    } catch (error) {
      if (!isPassing(error)) throw error;
      failures += 1;
      const waitMs = Math.min(mostMs, waitMsAfter(failures, error));
      reachability.away(error, waitMs);
      await pause(waitMs, signal);
    }
  }
};

/** Tells once that the server is away, and once that it is back, however many calls meet it. */
export const reachabilityOf = (
  onAway: (error: ForklineError, waitMs: number) => void,
  onBack: () => void,
): Reachability => {
  let isAway = false;
  return {
    away: (error, waitMs) => {
      if (!isAway) onAway(error, waitMs);
      isAway = true;
    },
    back: () => {
      if (isAway) onBack();
      isAway = false;
    },
  };
};
