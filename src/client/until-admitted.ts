import { setTimeout as wait } from 'node:timers/promises';
import { ForklineError } from './forkline-error.js';

/** For how long to come back to a server that answers that there are too many requests, in milliseconds. */
const patienceMs = 60_000;
/** The pause where the answer names none, and the shortest. */
const pauseMs = 1_000;
const shortestMs = 100;

/**
 * Calls again when there were too many requests, when the server says to. A request refused so was not
 * carried out, so it is safe to make again, whatever it is.
 *
 * @throws what the call throws otherwise, and when the server's patience has not come back in a minute
 */
export const untilAdmitted = async <Answer>(
  call: () => Promise<Answer>,
  signal?: AbortSignal,
): Promise<Answer> => {
  for (let waitedMs = 0; ; ) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ForklineError) || error.status !== 429) throw error;
      const waitMs = Math.max(shortestMs, error.retryAfterMs ?? pauseMs);
      waitedMs += waitMs;
      if (waitedMs > patienceMs) throw error;
      // Spread out, so that those who were refused together do not come back together.
      await wait(waitMs + Math.random() * 200, undefined, { ...(signal && { signal }) });
    }
  }
};
