import type { Db } from 'mongodb';
import { v4 as newId } from 'uuid';
import { projections } from '../../../projections/index.js';
import { type Lease, leaseIn, leaseMs } from '../../../src/projecting/lease.js';
import { startLeasedRunner } from '../../../src/projecting/leased-runner.js';
import type { Runner } from '../../../src/projecting/runner.js';
import { silentLog } from './runners.js';
import type { TestStores } from './stores.js';

/** A clock that is moved by hand. */
export type HandClock = Readonly<{
  now(): number;
  /** Moves it to where a lease is over that was just renewed. */
  passLease(): void;
}>;

export const handClock = (): HandClock => {
  let time = Date.parse('2026-01-01T00:00:00Z');
  return {
    now: () => time,
    passLease: () => {
      time += leaseMs + 1;
    },
  };
};

/** A node that takes part in keeping read models up to date. */
export type LeasedNode = Readonly<{ runner: Runner; isFolding(): boolean }>;

/** @param db as the node sees it */
export const startLeasedNode = async (
  { store, streams }: TestStores,
  clock: HandClock,
  db: Db,
  name: string = newId(),
): Promise<LeasedNode> => {
  let term: number | undefined;
  const own = leaseIn(db, clock, name, projections);
  const lease: Lease = {
    ...own,
    take: async () => {
      term = await own.take();
      return term;
    },
    renew: async (of, statuses) => {
      const isHeld = await own.renew(of, statuses);
      if (!isHeld) term = undefined;
      return isHeld;
    },
  };
  const runner = await startLeasedRunner({
    ...{ store, streams, db, projections, clock, lease, log: silentLog, everyMs: 20 },
  });
  return { runner, isFolding: () => term !== undefined };
};
