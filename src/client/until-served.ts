import { waitMsAfter } from './backoff.js';
import { ForklineError } from './forkline-error.js';
import { pause } from './pause.js';

export type Persistence = Readonly<{
  /** For how long to come back to a server that is away, in milliseconds; not at all when 0. */
  retryForMs: number;
  /** Whether the call may be made again though it may have been carried out. */
  isRepeatable: boolean;
  /** Whether to come back also while the read model has not come as far as was asked for. */
  awaitsModel?: boolean;
  signal?: AbortSignal | undefined;
}>;

/** For how long to come back to a server that answers that there are too many requests, in milliseconds. */
const patienceMs = 60_000;
/** The pause where the answer names none, and the shortest. */
const pauseMs = 1_000;
const shortestMs = 100;

/**
 * Calls again what may pass:
 * - Too many requests (429): whatever the call is, since it was not carried out; when the server
 *   says to, for a minute.
 * - No answer, or 503: what is repeatable, with pauses that grow and are never shorter than the
 *   server asks for, as long as `retryForMs` says.
 *
 * @throws what the call threw last, and the reason of the signal once that is aborted
 */
export const untilServed = async <Answer>(
  call: () => Promise<Answer>,
  { retryForMs, isRepeatable, awaitsModel = false, signal }: Persistence,
): Promise<Answer> => {
  const begun = performance.now();
  let heldBackMs = 0;
  let failures = 0;

  /** How long to wait before the next attempt; undefined when there is to be none. */
  const waitFor = (error: ForklineError): number | undefined => {
    if (error.status === 429) {
      const waitMs = Math.max(shortestMs, error.retryAfterMs ?? pauseMs);
      heldBackMs += waitMs;
      // Spread out, so that those who were refused together do not come back together.
      return heldBackMs > patienceMs ? undefined : waitMs + Math.random() * 200;
    }
    if (!isRepeatable || !(isAway(error) || (awaitsModel && isBehind(error)))) return undefined;
    failures += 1;
    const waitMs = waitMsAfter(failures, error);
    // What 429 cost is another limit's.
    const spentMs = performance.now() - begun - heldBackMs;
    return spentMs + waitMs > retryForMs ? undefined : waitMs;
  };

  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ForklineError)) throw error;
      const waitMs = waitFor(error);
      if (waitMs === undefined) throw error;
      await pause(waitMs, signal);
    }
  }
};

const isAway = ({ status, code }: ForklineError): boolean =>
  code === 'unreachable' || status === 503;

const isBehind = ({ code }: ForklineError): boolean => code === 'read-model-behind';
