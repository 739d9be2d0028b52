import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import { type Runner, type RunnerOptions, startRunner } from '../../../src/projecting/runner.js';
import { patience } from '../../support/until.js';
import type { StoreClients } from './stores.js';

export const silentLog = pino({ level: 'silent' });

/** Starts a runner of every read model on the stores of a test. */
export const startTestRunner = (
  { store, streams, db }: StoreClients,
  options: Partial<RunnerOptions> = {},
): Promise<Runner> => startRunner({ store, streams, db, projections, log: silentLog, ...options });

/** Resolves once a runner has folded everything there is at this moment. */
export const caughtUp = async (runner: Runner, stores: StoreClients): Promise<void> => {
  const newest = await stores.newest();
  await Promise.all(projections.map(({ name }) => runner.progress(name).reached(newest, patience)));
};
