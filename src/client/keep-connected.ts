import { waitMsAfter } from './backoff.js';
import type { ForklineError } from './forkline-error.js';
import { pause } from './pause.js';

/** How a connection ended: always with a reason. */
export type Ending = Readonly<{
  reason: ForklineError;
  /** Whether connecting again would only fail again. */
  isFinal: boolean;
  /** Whether anything arrived while it lasted. */
  wasOfUse: boolean;
}>;

/**
 * Connects again whenever a connection ends, after a pause that grows while attempts are of no use.
 *
 * @param connect resolves when the connection has ended
 * @param onLost told before each pause
 * @throws the reason of the ending that is final
 */
export const keepConnected = async (
  connect: () => Promise<Ending>,
  onLost: (reason: ForklineError, waitMs: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    const { reason, isFinal, wasOfUse } = await connect();
    if (signal.aborted) return;
    if (isFinal) throw reason;
    failures = wasOfUse ? 1 : failures + 1;
    const waitMs = waitMsAfter(failures, reason);
    onLost(reason, waitMs);
    await pause(waitMs, signal).catch(() => {});
  }
};
