import { setTimeout as delay } from 'node:timers/promises';
import { ExponentialBackoff, handleWhen, retry, TimeoutStrategy, timeout } from 'cockatiel';
import { isUnavailable } from '../projecting/unavailable.js';

/** How often and how fast an event is tried that fails by itself. */
export type Retries = Readonly<{
  /** How often an event is tried in all; 5 by default. */
  attempts: number;
  /** Milliseconds before the second attempt, about; the next ones wait longer each. */
  firstDelayMs: number;
  /** Milliseconds after which an attempt counts as failed. */
  attemptMs: number;
}>;

/** Five attempts, a minute long at most each. */
export const defaultRetries: Retries = { attempts: 5, firstDelayMs: 100, attemptMs: 60_000 };

/** Told of each failure, with the number of the attempt. */
export type OnFailure = (error: unknown, attempt: number) => void;

/**
 * Runs an action a bounded number of times until it succeeds. That a store is away is passed on at
 * once: it says nothing of the action. Once the signal aborts there is no further attempt.
 *
 * @throws the error of the last attempt
 */
export const attempting = async (
  action: () => Promise<void>,
  { attempts, firstDelayMs, attemptMs }: Retries,
  onFailure: OnFailure,
  signal: AbortSignal,
): Promise<void> => {
  // Not told of the signal, which would cut off the attempt under way; and no reason to stay alive.
  const bounded = timeout(attemptMs, TimeoutStrategy.Aggressive).dangerouslyUnref();
  const retrying = retry(
    handleWhen((error) => !isUnavailable(error)),
    {
      maxAttempts: attempts - 1,
      backoff: new ExponentialBackoff({ initialDelay: firstDelayMs, maxDelay: 5_000 }),
    },
  );
  let attempt = 0;
  retrying.onFailure(({ handled, reason }) => {
    attempt += 1;
    if (handled && 'error' in reason) onFailure(reason.error, attempt);
  });
  await retrying.execute(() => bounded.execute(action), signal);
};

/**
 * Runs an action until it succeeds or fails for good, waiting longer each time, up to 5 s.
 *
 * @param isPassing which errors will pass by waiting
 * @throws an error that will not pass, and any error once the signal has aborted
 */
export const waitingOut = async <Result>(
  action: () => Promise<Result>,
  isPassing: (error: unknown) => boolean,
  onFailure: OnFailure,
  signal: AbortSignal,
): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      onFailure(error, attempt);
      await delay(Math.min(100 * 2 ** attempt, 5_000), undefined, { signal });
    }
  }
};
