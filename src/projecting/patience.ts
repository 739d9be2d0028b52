import { SnapshotsUnavailable } from '../eventstore/snapshots.js';

/** How long nothing is asked after no answer came. */
const restMs = 5_000;

/**
 * Makes a function that asks questions whose answers can be done without. It waits `patienceMs`
 * milliseconds for an answer. After an error, or no answer in time, it throws at once for five seconds,
 * so that not everyone waits in turn.
 *
 * @returns a function that asks, and throws SnapshotsUnavailable
 */
export const patiently = (patienceMs: number) => {
  let restsUntil = Number.NEGATIVE_INFINITY;

  return async <Answer>(question: () => Promise<Answer>): Promise<Answer> => {
    if (Date.now() < restsUntil)
      throw new SnapshotsUnavailable('the database did not answer lately');
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new Error(`no answer within ${patienceMs} ms`));
      timer = setTimeout(giveUp, patienceMs);
    });
    try {
      return await Promise.race([question(), patience]);
    } catch (error) {
      restsUntil = Date.now() + restMs;
      throw new SnapshotsUnavailable('the database does not answer', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
};
