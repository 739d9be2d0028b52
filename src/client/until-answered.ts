import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from './backoff.js';
import { ForklineError } from './forkline-error.js';

/** Told of a server that is away, before each pause, and that it is back. */
export type Reachability = Readonly<{
  away(error: ForklineError, waitMs: number): void;
  back(): void;
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
  signal?: AbortSignal,
): Promise<Answer> => {
  for (let failures = 0; ; ) {
    try {
      const answer = await call();
      reachability.back();
      return answer;
    } catch (error) {
      if (!isPassing(error)) throw error;
      failures += 1;
      const waitMs = backoffMs(failures);
      reachability.away(error, waitMs);
      await wait(waitMs, undefined, { ...(signal && { signal }) });
    }
  }
};
