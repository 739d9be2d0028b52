import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { StreamForked } from '../domain/fork.js';
import {
  type EventStore,
  type StoredEvent,
  StreamTombstoned,
  type Subscription,
} from '../eventstore/event-store.js';
import { batches } from './batches.js';
import { checkpointsIn } from './checkpoints.js';
import { type Progress, progressOf } from './progress.js';
import type { AnyProjection, Projected } from './projection.js';
import { collectionName, readModel } from './read-model.js';

export type RunnerOptions = Readonly<{
  store: EventStore;
  db: Db;
  projections: readonly AnyProjection[];
  /** The state that a fork starts from: that of the stream it was forked from, at the revision. */
  inheritedState: (fork: StreamForked) => Promise<unknown>;
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
  const { store, db, projections, log, batchSize = 500, collectionOf = collectionName } = options;
  const models = projections.map((projection) =>
    readModel(db, projection, collectionOf(projection)),
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
    const projected = await Promise.all(events.map((event) => withInherited(event, options)));
    await Promise.all(
      models.map((model, index) => {
        const done = progress[index]?.position() ?? -1;
        return model.apply(projected.filter(({ position }) => position > done));
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

const withInherited = async (
  event: StoredEvent,
  { inheritedState }: RunnerOptions,
): Promise<Projected> => {
  if (event.type !== 'StreamForked') return event;
  // The codec has checked that the data is a fork's.
  const fork = event as StoredEvent & StreamForked;
  try {
    return { ...event, inherited: await inheritedState(fork) };
  } catch (error) {
    // An ancestor deleted for good: then so was the fork, further on.
    if (error instanceof StreamTombstoned) return event;
    throw error;
  }
};
