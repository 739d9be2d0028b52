import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import { type Runner, type RunnerOptions, startRunner } from '../../../src/projecting/runner.js';
import type { StoreClients } from './stores.js';

/** Long enough for whatever a test waits for, on a busy machine too. */
export const patience = 60_000;

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

/** Resolves once a condition holds; it is looked at again and again. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const giveUp = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > giveUp) throw new Error(`not so after ${patience} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
