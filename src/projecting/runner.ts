import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { CaughtUp, EventStore, StoredEvent, Subscription } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { eventBytes } from '../eventstore/size.js';
import type { Adoption } from './adoption.js';
import { batches } from './batches.js';
import { checkpointsIn } from './checkpoints.js';
import { lagMeter } from './lag.js';
import { oneAtATime } from './one-at-a-time.js';
import { type PaceLimits, paced } from './pace.js';
import type { Parked } from './parked.js';
import { type Progress, progressOf } from './progress.js';
import type { AnyProjection } from './projection.js';
import { collectionName } from './read-model.js';
import { type Run, runOf } from './run-of.js';
import { type Settling, settlingOf } from './settling.js';

export type RunnerOptions = Readonly<{
  store: EventStore;
  db: Db;
  projections: readonly AnyProjection[];
  /** The same store with lineage: where forks begin, some events of the ancestor are read again. */
  streams: Streams;
  log: Logger;
  /** How many events are folded and written at a time, at most; 1,000 by default. More is faster and takes more memory. */
  batchSize?: number;
  /** How long events are gathered for a batch that is not full and that nobody waits for; up to a quarter of a second by default. */
  gathering?: PaceLimits;
  /** Where events are put aside that cannot be folded. Without it the runner is strict: it goes no further than such an event. */
  parked?: Parked;
  /** Sees every batch beside the read models. When it fails the batch is taken again. */
  follower?: (events: readonly StoredEvent[]) => Promise<void>;
  /** Carries out the folding of a batch, which it is handed; by default does just that. */
  folding?: (events: readonly StoredEvent[], fold: () => Promise<void>) => Promise<void>;
  /** Which collection a projection's documents go to; by default that of its name and version. */
  collectionOf?: (projection: AnyProjection) => string;
  /** Whether that collection is another release's: it is left alone, and only its checkpoint looked at. */
  isForeign?: (projection: AnyProjection) => boolean;
  /** What is told how far the projection of a name has come; by default something of the runner's own. */
  progress?: (name: string) => Progress;
  /** A position after which every event is folded, even if a checkpoint says that it has been already. */
  foldFrom?: number;
}>;

export type ProjectionStatus = Readonly<{
  name: string;
  version: number;
  position: number;
  /** Events it has yet to fold; null while the number is not known: catching up, or without the event store. */
  lagEvents: number | null;
  /** How long ago the oldest event that it has yet to fold happened; 0 when there is none, null while not known. */
  lagSeconds: number | null;
  /** Whether it has come no further for a minute, though there are events to fold or nobody can tell. */
  stuck: boolean;
}>;

export type Runner = Settling &
  Readonly<{
    /** How far the projection of a name has come. @throws RangeError when there is none */
    progress(name: string): Progress;
    status(): readonly ProjectionStatus[];
    /**
     * Goes on with other collections of some models, from a moment between two batches on: what progress
     * and status say is true of these from then on, and nothing is left out or goes back.
     *
     * @throws what bringing them up throws; then all is as it was
     */
    adopt(adoption: Adoption): Promise<void>;
    /** Finishes the batch in hand, and ends. */
    stop(): Promise<void>;
  }>;

/** What the events of a batch may take, by a rough count. Memory holds a few times as much. */
const mostBytes = 8 * 1024 * 1024;

/** While nobody waits, folding takes an eighth of the time, more only where a batch is full or late. */
const betweenBatches: PaceLimits = { leastMs: 20, timesAsLong: 8, mostMs: 250 };

const stuckAfterSeconds = 60;

const isEvent = (item: StoredEvent | CaughtUp): item is StoredEvent => item.type !== 'caughtUp';

const weightOf = (item: StoredEvent | CaughtUp): number => (isEvent(item) ? eventBytes(item) : 0);

/**
 * Keeps read models up to date: one subscription to every event, read no faster than documents are
 * written; documents first, then the checkpoint. When a store cannot be reached it goes on from the
 * checkpoint once it can.
 */
export const startRunner = async (options: RunnerOptions): Promise<Runner> => {
  const { store, db, projections, log, follower } = options;
  const { folding = (_, fold) => fold() } = options;
  const { batchSize = 1_000, collectionOf = collectionName, isForeign = () => false } = options;
  const { progress = (name: string) => progressOf(name, -1), foldFrom = Infinity } = options;
  const { gathering = betweenBatches } = options;
  let runs: readonly Run[] = projections.map((projection) =>
    runOf(options, {
      projection,
      name: collectionOf(projection),
      isForeign: isForeign(projection),
      progress: progress(projection.name),
    }),
  );
  const own = () => runs.filter((run) => !run.isForeign);
  const exclusively = oneAtATime();
  const checkpoints = checkpointsIn(db);
  const lag = lagMeter();
  const limits = { items: batchSize, weight: mostBytes, weigh: weightOf };
  let receivedTo = -1;
  // For what is yet to come nobody is served the sooner by a batch that does not have it.
  const pace = paced(gathering, () =>
    runs.some(({ progress }) => progress.awaited() <= receivedTo),
  );
  for (const { progress } of runs) progress.onAwaited(pace.look);
  const watch = {
    received: (item: StoredEvent | CaughtUp) => {
      if (!isEvent(item)) return lag.caughtUp();
      lag.received(item.created);
      receivedTo = item.position;
      pace.look();
    },
    held: lag.held,
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  let subscription: Subscription | undefined;
  let foldedTo = -1;

  /** Finds out how far the models in the database have come, whatever was known of it. */
  const recall = () =>
    exclusively(async () => {
      await Promise.all(own().map(({ model }) => model.prepare()));
      const loaded = await checkpoints.load(runs.map(({ name }) => name));
      for (const { name, progress } of runs)
        progress.restart(Math.min(loaded.get(name) ?? -1, foldFrom));
      // After the checkpoints: what is parked below them is known then.
      await Promise.all(own().map(({ lenient }) => lenient?.recall()));
    });

  const apply = async (events: readonly StoredEvent[]): Promise<void> => {
    const applied = await Promise.allSettled(
      own().map(({ model, progress }) => {
        const done = progress.position();
        return model.apply(
          foldedTo < done ? events.filter(({ position }) => position > done) : events,
        );
      }),
    );
    for (const outcome of applied) if (outcome.status === 'rejected') throw outcome.reason;
    await follower?.(events);
  };

  const follow = async (): Promise<void> => {
    // Stopped while the models were recalled: there is no subscription yet that stopping could have closed.
    if (signal.aborted) return;
    const written = own().length > 0 ? own() : runs;
    foldedTo = Math.min(...written.map(({ progress }) => progress.position()));
    receivedTo = foldedTo;
    const opened = store.subscribe(foldedTo < 0 ? 'start' : foldedTo);
    subscription = opened;
    lag.opened();
    let saving = Promise.resolve();
    try {
      for await (const batch of batches(opened, limits, watch, pace.due)) {
        pace.begun();
        const events = batch.filter(isEvent);
        const last = events.at(-1);
        if (last)
          await exclusively(async () => {
            await folding(events, () => apply(events));
            foldedTo = last.position;
            lag.folded(events.length, last.created);
            for (const { progress } of own()) progress.advance(foldedTo);
            // While the checkpoint is written the next batch is folded already. A failure is met there.
            await saving;
            const names = own().map(({ name }) => name);
            saving = names.length > 0 ? checkpoints.save(names, foldedTo) : saving;
            saving.catch(() => {});
          });
        pace.done();
        if (signal.aborted) break;
      }
      await saving;
    } finally {
      opened.close();
      lag.lost();
    }
  };

  const adopt = async ({ collections, begin, adopted }: Adoption): Promise<void> => {
    const bring = await begin();
    await exclusively(async () => {
      const next = runs.map((run) => {
        const name = collections.get(run.projection.name);
        if (name === undefined) return run;
        return runOf(options, { ...run, name, isForeign: false });
      });
      const fresh = next.filter((run) => !runs.includes(run));
      await Promise.all(fresh.map(({ model }) => model.prepare()));
      const seen = Math.max(foldedTo, ...fresh.map(({ progress }) => progress.position()));
      const come = await bring(seen);
      await Promise.all(fresh.map(({ lenient }) => lenient?.recall()));
      runs = next;
      adopted();
      for (const { projection, progress } of fresh)
        progress.advance(come.get(projection.name) ?? seen);
    });
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted; failures++) {
      const started = Date.now();
      try {
        if (failures > 0) await recall();
        await follow();
      } catch (error) {
        if (signal.aborted) return;
        if (Date.now() - started > 60_000) failures = 0;
        log.warn({ err: error }, 'projections stopped; they go on from their checkpoint');
        await delay(Math.min(100 * 2 ** failures, 5_000), undefined, { signal }).catch(() => {});
      }
    }
  };

  await recall();
  const running = run();

  return {
    progress: (name) => {
      const found = runs.find(({ projection }) => projection.name === name);
      if (!found) throw new RangeError(`there is no projection ${name}`);
      return found.progress;
    },
    status: () => {
      const { events, seconds } = lag.now();
      const stuck = lag.stalledFor() > stuckAfterSeconds;
      return runs.map(({ projection: { name, version }, progress, isForeign }) => {
        const position = progress.position();
        // One that is ahead of the others waits for them: what is new to it has not been read yet.
        const isUnknown = isForeign || position > foldedTo;
        return {
          name,
          version,
          position: Math.max(position, 0),
          lagEvents: isUnknown ? null : events,
          lagSeconds: isUnknown ? null : seconds,
          stuck,
        };
      });
    },
    ...settlingOf(() => runs),
    adopt,
    stop: async () => {
      stopping.abort();
      subscription?.close();
      await running;
    },
  };
};
