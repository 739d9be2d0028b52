import { setTimeout as delay } from 'node:timers/promises';
import type { Adoption } from './adoption.js';
import { checkpointsIn } from './checkpoints.js';
import type { Clock } from './clock.js';
import { foldAgain, type Since } from './fold-again.js';
import { followCheckpoints } from './followed.js';
import { keepLease, type Tenure } from './keep-lease.js';
import { type Lease, leaseMs } from './lease.js';
import { oneAtATime } from './one-at-a-time.js';
import { collectionName } from './read-model.js';
import { runOf } from './run-of.js';
import { type ProjectionStatus, type Runner, type RunnerOptions, startRunner } from './runner.js';
import { settlingOf } from './settling.js';

export type LeasedOptions = Omit<RunnerOptions, 'progress' | 'foldFrom'> &
  Readonly<{
    lease: Lease;
    clock: Clock;
    /** Milliseconds between two looks at whether the lease is free; 500 by default. */
    everyMs?: number;
  }>;

type Held = Readonly<{ runner: Runner; tenure: Tenure; begun: Since }>;

const stuckAfterMs = 60_000;

/** For how long an ending node mends what it folded late. */
const mendingMs = 10_000;

/**
 * A runner for nodes that share a database. The node that holds the lease folds; the others follow its
 * checkpoints and know of progress a few milliseconds later. When the holder dies another node takes
 * over once the lease has run out, when it stops, at once.
 *
 * @throws when a store is away
 */
export const startLeasedRunner = async (options: LeasedOptions): Promise<Runner> => {
  const { db, projections, lease, clock, log, everyMs = 500 } = options;
  const { collectionOf = collectionName, isForeign = () => false } = options;
  const checkpoints = checkpointsIn(db);
  const exclusively = oneAtATime();
  const stopping = new AbortController();
  const { signal } = stopping;
  const startedAt = clock.now();
  let folding: Runner | undefined;
  const own = () => projections.filter((each) => !isForeign(each));
  const followed = followCheckpoints({
    db,
    log,
    projections,
    collectionOf,
    followed: () => (folding ? projections.filter(isForeign) : projections),
  });

  const mark = (): Since => ({
    position: Math.min(...own().map(({ name }) => followed.progress(name).position())),
    collections: new Map(own().map((each) => [each.name, collectionOf(each)])),
  });

  const begin = async (term: number): Promise<Held> => {
    const statuses = () => folding?.status() ?? [];
    const marked = () => folding && mark();
    const tenure = keepLease({ lease, term, log, statuses, mark: marked });
    try {
      const runner = await exclusively(async () => {
        folding = await startRunner({ ...options, progress: followed.progress });
        return folding;
      });
      log.info({ term }, 'this node keeps the read models up to date');
      return { runner, tenure, begun: mark() };
    } catch (error) {
      await tenure.end();
      throw error;
    }
  };

  const untilEnded = async ({ runner, tenure, begun }: Held): Promise<void> => {
    await Promise.race([tenure.lost, aborted(signal)]);
    if (!signal.aborted) folding = undefined;
    await runner.stop();
    const since = tenure.since() ?? begun;
    if (await tenure.end()) return;
    folding = undefined;
    log.warn('another node has taken over the read models');
    await mend(since);
  };

  /** Goes on while this node ends, for some seconds: who stood still for long may be told to end at once. */
  const mend = async (since: Since): Promise<void> => {
    const givingUp = new AbortController();
    void aborted(signal).then(() => setTimeout(() => givingUp.abort(), mendingMs).unref());
    while (!givingUp.signal.aborted) {
      try {
        return await foldAgain(options, since, givingUp.signal);
      } catch (error) {
        log.warn({ err: error }, 'what was folded late is not mended yet');
        await delay(everyMs, undefined, { signal: givingUp.signal }).catch(() => {});
      }
    }
  };

  const run = async (first: Held | undefined): Promise<void> => {
    let held = first;
    while (!signal.aborted) {
      if (held) await untilEnded(held);
      held = undefined;
      await delay(everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        const term = await lease.take();
        if (term !== undefined) held = await begin(term);
      } catch (error) {
        log.debug({ err: error }, 'the read models could not be taken over');
      }
    }
    if (held) await untilEnded(held);
  };

  /** Goes over to collections once they are as far as those in use: the node that folds sees to that. */
  const goOver = async ({ collections, adopted }: Adoption): Promise<void> => {
    const come = await checkpoints.load([...collections.values()]);
    const next = [...collections].map(([name, collection]) => ({
      progress: followed.progress(name),
      position: come.get(collection) ?? -1,
    }));
    if (next.some(({ progress, position }) => position < progress.position())) return;
    adopted();
    for (const { progress, position } of next) progress.advance(position);
  };

  const told = (): readonly ProjectionStatus[] => {
    const last = lease.told();
    const age = clock.now() - (last?.at ?? startedAt);
    return projections.map((projection) => {
      const { name, version } = projection;
      const position = Math.max(followed.progress(name).position(), 0);
      const status = last?.statuses.find((each) => each.name === name);
      return status && age < leaseMs && !isForeign(projection)
        ? { ...status, position }
        : {
            name,
            version,
            position,
            lagEvents: null,
            lagSeconds: null,
            stuck: age > stuckAfterMs,
          };
    });
  };

  const idle = () =>
    projections.map((projection) =>
      runOf(options, {
        projection,
        name: collectionOf(projection),
        isForeign: isForeign(projection),
        progress: followed.progress(projection.name),
      }),
    );

  let running: Promise<void>;
  try {
    const term = await lease.take();
    const held = term === undefined ? undefined : await begin(term);
    await followed.look();
    running = run(held);
  } catch (error) {
    await followed.stop();
    throw error;
  }

  return {
    progress: followed.progress,
    status: () => folding?.status() ?? told(),
    ...settlingOf(idle),
    adopt: (adoption) => {
      if (folding) return folding.adopt(adoption);
      return exclusively(async () => (folding ? undefined : goOver(adoption)));
    },
    stop: async () => {
      stopping.abort();
      await running;
      await followed.stop();
    },
  };
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
