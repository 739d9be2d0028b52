import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { EventStore, StoredEvent, Subscription } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { batches } from './batches.js';
import { checkpointsIn } from './checkpoints.js';
import { type Progress, progressOf } from './progress.js';
import type { AnyProjection } from './projection.js';
import { collectionName, readModel } from './read-model.js';

export type RunnerOptions = Readonly<{
  store: EventStore;
  db: Db;
  projections: readonly AnyProjection[];
  /** The same store with lineage: where forks begin, some events of the ancestor are read again. */
  streams: Streams;
  log: Logger;
  /** How many events are folded and written at a time; 500 by default. More is faster and takes more memory. */
  batchSize?: number;
  /** Which collection a projection's documents go to; by default that of its name and version. */
  collectionOf?: (projection: AnyProjection) => string;
}>;

export type ProjectionStatus = Readonly<{
  name: string;
  version: number;
  position: number;
  /** Events it has yet to fold; null while it is catching up and the number is not known. */
  lagEvents: number | null;
  /** Age of the last event folded while there is more to fold, in seconds; 0 otherwise. */
  lagSeconds: number;
}>;

export type Runner = Readonly<{
  /** How far the projection of a name has come. @throws RangeError when there is none */
  progress(name: string): Progress;
  status(): readonly ProjectionStatus[];
  /** Finishes the batch in hand, and ends. */
  stop(): Promise<void>;
}>;

/**
 * Keeps read models up to date: one subscription to every event, read no faster than documents are
 * written; documents first, then the checkpoint. When a store cannot be reached it goes on from the
 * checkpoint once it can.
 */
export const startRunner = async (options: RunnerOptions): Promise<Runner> => {
  const {
    store,
    streams,
    db,
    projections,
    log,
    batchSize = 500,
    collectionOf = collectionName,
  } = options;
  const models = projections.map((projection) =>
    readModel(db, projection, streams, collectionOf(projection)),
  );
  const names = projections.map(collectionOf);
  const checkpoints = checkpointsIn(db);
  await Promise.all(models.map((model) => model.prepare()));
  const loaded = await checkpoints.load(names);
  const progress = names.map((name) => progressOf(name, loaded.get(name) ?? -1));

  let subscription: Subscription | undefined;
  let isStopping = false;
  let isLive = false;
  let received = 0;
  let applied = 0;
  let lastCreated = 0;

  const apply = async (events: readonly StoredEvent[]): Promise<void> => {
    await Promise.all(
      models.map((model, index) => {
        const done = progress[index]?.position() ?? -1;
        return model.apply(events.filter(({ position }) => position > done));
      }),
    );
    const last = events.at(-1);
    if (!last) return;
    await checkpoints.save(names, last.position);
    for (const model of progress) model.advance(last.position);
    lastCreated = Date.parse(last.created);
  };

  const follow = async (): Promise<void> => {
    const from = Math.min(...progress.map((model) => model.position()));
    isLive = false;
    received = 0;
    applied = 0;
    const opened = store.subscribe(from < 0 ? 'start' : from);
    subscription = opened;
    const counted = async function* () {
      for await (const item of opened) {
        received += 1;
        yield item;
      }
    };
    try {
      for await (const batch of batches(counted(), batchSize)) {
        const events = batch.filter((item): item is StoredEvent => item.type !== 'caughtUp');
        await apply(events);
        applied += batch.length;
        isLive ||= events.length < batch.length;
        if (isStopping) return;
      }
    } finally {
      opened.close();
    }
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !isStopping; failures++) {
      const started = Date.now();
      try {
        await follow();
      } catch (error) {
        if (isStopping) return;
        if (Date.now() - started > 60_000) failures = 0;
        log.warn({ err: error }, 'projections stopped; they go on from their checkpoint');
        await delay(Math.min(100 * 2 ** failures, 5_000));
      }
    }
  };
  const running = run();

  return {
    progress: (name) => {
      const found = progress[projections.findIndex((projection) => projection.name === name)];
      if (!found) throw new RangeError(`there is no projection ${name}`);
      return found;
    },
    status: () =>
      projections.map(({ name, version }, index) => {
        const behind = received - applied;
        const isBehind = !isLive || behind > 0;
        return {
          name,
          version,
          position: Math.max(progress[index]?.position() ?? 0, 0),
          lagEvents: isLive ? behind : null,
          lagSeconds: isBehind && lastCreated > 0 ? (Date.now() - lastCreated) / 1000 : 0,
        };
      }),
    stop: async () => {
      isStopping = true;
      subscription?.close();
      await running;
    },
  };
};
