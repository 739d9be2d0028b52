import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Since } from './fold-again.js';
import { type Lease, leaseMs } from './lease.js';
import type { ProjectionStatus } from './runner.js';

/** A term for which this node has a lease. */
export type Tenure = Readonly<{
  /** Resolves when another node has taken the lease. */
  lost: Promise<void>;
  /** Where folding was when the lease was last certain to be this node's. */
  since(): Since | undefined;
  /** Gives the lease back. @returns false when another node has taken it */
  end(): Promise<boolean>;
}>;

type Options = Readonly<{
  lease: Lease;
  term: number;
  log: Logger;
  statuses(): readonly ProjectionStatus[];
  /** Where folding is at this moment. */
  mark(): Since | undefined;
}>;

/** For how long an ending node tries to say so. */
const farewellMs = 1_000;

/**
 * Renews a lease until it is given back or another node has taken it. While the database is away no
 * node can take it, so this node keeps trying and still has it afterwards.
 */
export const keepLease = ({ lease, term, log, statuses, mark }: Options): Tenure => {
  const ending = new AbortController();
  const { signal } = ending;
  let since: Since | undefined;

  const renew = async (): Promise<boolean> => {
    // Before it is asked: what is folded meanwhile may be folded too late.
    const marked = mark();
    try {
      if (!(await lease.renew(term, statuses()))) return false;
      since = marked;
    } catch (error) {
      log.debug({ err: error }, 'the lease for read models could not be renewed');
    }
    return true;
  };

  const lost = new Promise<void>((resolve) => {
    const keep = async (): Promise<void> => {
      while (!signal.aborted) {
        if (!(await renew())) return resolve();
        await delay(leaseMs / 4, undefined, { signal }).catch(() => {});
      }
    };
    void keep();
  });

  return {
    lost,
    since: () => since,
    end: async () => {
      ending.abort();
      const released = lease.release(term).catch(() => true);
      return Promise.race([released, delay(farewellMs, true, { ref: false })]);
    },
  };
};
