import type { Logger } from 'pino';
import type { EventStore } from '../eventstore/event-store.js';
import type { Runner } from '../projecting/runner.js';
import type { Serving } from '../projecting/serving.js';
import { type StandstillLimits, standstillWatch } from '../projecting/standstill.js';
import type { Collections } from '../queries/collections.js';
import { inTime } from './in-time.js';

/** One thing that a node has to be able to do. `reason` says what is wrong, in a word or two. */
export type Check = Readonly<{ name: string; ok: boolean; reason?: string }>;

/** Whether a node should be sent requests. */
export type Readiness = Readonly<{
  /** What was found in the second before, or is found now. Never fails. */
  check(): Promise<readonly Check[]>;
}>;

export type ReadinessOptions = StandstillLimits &
  Readonly<{
    store: Pick<EventStore, 'head'>;
    collections: Collections;
    runner: Pick<Runner, 'status'>;
    serving: Pick<Serving, 'isForeign'>;
    log: Logger;
    /** For how long an answer is good, in milliseconds; 1,000 by default. */
    freshMs?: number;
    /** How long a store may take to answer, in milliseconds; 3,000 by default. */
    patienceMs?: number;
    /** Milliseconds, by a clock that does not jump. */
    clock?: () => number;
  }>;

/**
 * Finds out whether this node is ready: its stores answer, its projections do not stand still. Asked by
 * any number of balancers it costs one small question to each store a second.
 */
export const readinessOf = (options: ReadinessOptions): Readiness => {
  const { store, collections, runner, serving, log } = options;
  const { freshMs = 1_000, patienceMs = 3_000, clock = () => performance.now() } = options;
  const judge = standstillWatch(options);
  let known: Readonly<{ checks: Promise<readonly Check[]>; goodUntil: number }> | undefined;
  let wrong = '';

  const look = async (): Promise<readonly Check[]> => {
    const [head, database] = await Promise.all([
      inTime(patienceMs, store.head()),
      inTime(patienceMs, collections.streams.findOne({ _id: '' })),
    ]);
    const stores = [check('event-store', noAnswer(head)), check('database', noAnswer(database))];
    // One of another version stands still until its own is built: nothing is wrong with that.
    const judged = runner.status().filter((status) => !serving.isForeign(status));
    const standstills = judge(judged, head?.answer, clock());
    const checks = [
      ...stores,
      ...judged.map(({ name }) => check(`projections/${name}`, standstills.get(name))),
    ];
    tell(checks);
    return checks;
  };

  /** Says once that something has changed, not at each time it is asked. */
  const tell = (checks: readonly Check[]): void => {
    const failed = checks.filter(({ ok }) => !ok);
    const now = failed.map(({ name, reason }) => `${name}: ${reason}`).join(', ');
    if (now === wrong) return;
    wrong = now;
    if (now === '') log.info('ready again');
    else log.warn({ failed: now }, 'not ready');
  };

  return {
    check: () => {
      if (known && clock() < known.goodUntil) return known.checks;
      const checks = look();
      const begun = { checks, goodUntil: Number.POSITIVE_INFINITY };
      known = begun;
      void checks.finally(() => {
        known = { ...begun, goodUntil: clock() + freshMs };
      });
      return checks;
    },
  };
};

const check = (name: string, reason: string | undefined): Check => ({
  name,
  ok: reason === undefined,
  ...(reason !== undefined && { reason }),
});

const noAnswer = (answered: object | undefined): string | undefined =>
  answered === undefined ? 'no answer' : undefined;
