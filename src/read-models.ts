import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import { projections } from '../projections/index.js';
import { endingArchives } from './commands/ended-streams.js';
import { endingLateForks } from './commands/fork-removal.js';
import type { EventStore } from './eventstore/event-store.js';
import type { Streams } from './eventstore/lineage.js';
import type { Snapshots } from './eventstore/snapshots.js';
import type { Clock } from './projecting/clock.js';
import { forgettingKept } from './projecting/forget-kept.js';
import { forgettingEnded } from './projecting/forget-parked.js';
import { leaseIn } from './projecting/lease.js';
import { startLeasedRunner } from './projecting/leased-runner.js';
import { modelsIn } from './projecting/models.js';
import { type Parked, parkedIn } from './projecting/parked.js';
import { type Rebuilding, startRebuilding } from './projecting/rebuilding.js';
import { forgetPoison } from './projecting/rebuilds.js';
import { type Runner, type RunnerOptions, startRunner } from './projecting/runner.js';
import { type Serving, servingOf } from './projecting/serving.js';
import { keepSnapshots, snapshotKinds } from './projecting/snapshot-keeper.js';
import { snapshotsIn } from './projecting/snapshot-store.js';
import { type Collections, collectionsOf } from './queries/collections.js';
import { detachedStreams } from './queries/lineage.js';
import type { WebhookDeliveries } from './queries/webhook-deliveries.js';

type Surroundings = Readonly<{
  store: EventStore;
  streams: Streams;
  db: Db;
  /** Whether other nodes may be at work in the same database. */
  isShared: boolean;
  clock: Clock;
  deliveries: Pick<WebhookDeliveries, 'forgetStreams'>;
  /** Carries out the folding of each batch, see {@link RunnerOptions}. */
  folding: NonNullable<RunnerOptions['folding']>;
  log: Logger;
}>;

/** Read models and snapshots, kept up to date with the event store. */
export type ReadModels = Readonly<{
  runner: Runner;
  rebuilding: Rebuilding;
  /** Which collections this node reads. */
  serving: Serving;
  collections: Collections;
  parked: Parked;
  snapshots: Snapshots;
  stop(): Promise<void>;
}>;

/**
 * Starts what follows the events of the store and keeps what is made of them: read models, rebuilds of
 * these, and snapshots; and what cleans up after streams that were deleted for good.
 *
 * @throws StoreUnavailable, and what the database throws
 */
export const startReadModels = async (surroundings: Surroundings): Promise<ReadModels> => {
  const { store, streams, db, isShared, clock, deliveries, folding, log } = surroundings;
  const models = modelsIn(db);
  const serving = servingOf(await models.load(projections));
  const collections = collectionsOf(db, serving.collectionOf);
  streams.noteDetached(await detachedStreams(collections));
  const parked = parkedIn(db, store);
  await parked.prepare();

  const snapshotStore = snapshotsIn(db);
  await snapshotStore.prepare(snapshotKinds);
  const keeper = keepSnapshots(streams, snapshotStore, log);

  const endArchives = endingArchives(store);
  const endLateForks = endingLateForks(streams, store);
  const forgetKept = forgettingKept({ db, streams, projections, models });
  const forgetEnded = forgettingEnded(async (ended) => {
    await parked.forget(ended);
    await forgetPoison(db, ended);
    // They may quote what an endpoint said to what the stream held.
    await deliveries.forgetStreams(ended);
  });
  const options: RunnerOptions = {
    store,
    streams,
    db,
    projections,
    parked,
    folding,
    log,
    collectionOf: serving.collectionOf,
    isForeign: serving.isForeign,
    follower: async (events) => {
      await endArchives(events);
      await endLateForks(events);
      await keeper.follow(events);
      await forgetKept(events);
      await forgetEnded(events);
    },
  };
  const runner = await (isShared
    ? startLeasedRunner({ ...options, clock, lease: leaseIn(db, clock, randomUUID(), projections) })
    : startRunner(options));
  const rebuilding = startRebuilding({
    db,
    store,
    streams,
    projections,
    parked,
    log,
    models,
    serving,
    runner,
    clock,
  });

  return {
    runner,
    rebuilding,
    serving,
    collections,
    parked,
    snapshots: { ...snapshotStore, missed: keeper.missed },
    stop: async () => {
      await rebuilding.stop();
      await runner.stop();
      await keeper.stop();
    },
  };
};
