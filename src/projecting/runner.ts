import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import {
  type CaughtUp,
  type EventStore,
  type StoredEvent,
  type Subscription,
  unreadableType,
} from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { batches } from './batches.js';
import { checkpointsIn } from './checkpoints.js';
import { lagMeter } from './lag.js';
import { type Progress, progressOf } from './progress.js';
import type { AnyProjection } from './projection.js';
import { collectionName, readModel } from './read-model.js';
import { sizeOf } from './size.js';

export type RunnerOptions = Readonly<{
  store: EventStore;
  db: Db;
  projections: readonly AnyProjection[];
  /** The same store with lineage: where forks begin, some events of the ancestor are read again. */
  streams: Streams;
  log: Logger;
  /** How many events are folded and written at a time, at most; 1,000 by default. More is faster and takes more memory. */
  batchSize?: number;
  /** Which collection a projection's documents go to; by default that of its name and version. */
  collectionOf?: (projection: AnyProjection) => string;
}>;

export type ProjectionStatus = Readonly<{
  name: string;
  version: number;
  position: number;
  /** Events it has yet to fold; null while the number is not known: catching up, or without the event store. */
  lagEvents: number | null;
  /** How long ago the oldest event that it has yet to fold happened; 0 when there is none, null while not known. */
  lagSeconds: number | null;
}>;

export type Runner = Readonly<{
  /** How far the projection of a name has come. @throws RangeError when there is none */
  progress(name: string): Progress;
  status(): readonly ProjectionStatus[];
  /** Finishes the batch in hand, and ends. */
  stop(): Promise<void>;
}>;

/** What the events of a batch may take, by a rough count. Memory holds a few times as much. */
const mostBytes = 8 * 1024 * 1024;

const isEvent = (item: StoredEvent | CaughtUp): item is StoredEvent => item.type !== 'caughtUp';

/**
 * Keeps read models up to date: one subscription to every event, read no faster than documents are
 * written; documents first, then the checkpoint. When a store cannot be reached it goes on from the
 * checkpoint once it can.
 */
export const startRunner = async (options: RunnerOptions): Promise<Runner> => {
  const { store, streams, db, projections, log } = options;
  const { batchSize = 1_000, collectionOf = collectionName } = options;
  const runs = projections.map((projection) => {
    const name = collectionOf(projection);
    const model = readModel(db, projection, streams, name);
    return { projection, name, model, progress: progressOf(projection.name, -1) };
  });
  const names = runs.map(({ name }) => name);
  const checkpoints = checkpointsIn(db);
  const lag = lagMeter();
  const limits = { items: batchSize, weight: mostBytes, weigh: sizeOf };
  const watch = {
    received: (item: StoredEvent | CaughtUp) =>
      isEvent(item) ? lag.received(item.created) : lag.caughtUp(),
    held: lag.held,
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  let subscription: Subscription | undefined;
  let foldedTo = -1;

  /** Finds out how far the models in the database have come, whatever was known of it. */
  const recall = async (): Promise<void> => {
    await Promise.all(runs.map(({ model }) => model.prepare()));
    const loaded = await checkpoints.load(names);
    for (const { name, progress } of runs) progress.restart(loaded.get(name) ?? -1);
  };

  const apply = async (events: readonly StoredEvent[]): Promise<void> => {
    for (const { type, stream, position, data } of events)
      if (type === unreadableType)
        log.error({ stream, position, ...data }, 'an event cannot be read and is in no read model');
    const applied = await Promise.allSettled(
      runs.map(({ model, progress }) => {
        const done = progress.position();
        return model.apply(
          foldedTo < done ? events.filter(({ position }) => position > done) : events,
        );
      }),
    );
    for (const outcome of applied) if (outcome.status === 'rejected') throw outcome.reason;
  };

  const follow = async (): Promise<void> => {
    // Stopped while the models were recalled: there is no subscription yet that stopping could have closed.
    if (signal.aborted) return;
    foldedTo = Math.min(...runs.map(({ progress }) => progress.position()));
    const opened = store.subscribe(foldedTo < 0 ? 'start' : foldedTo);
    subscription = opened;
    lag.opened();
    let saving = Promise.resolve();
    try {
      for await (const batch of batches(opened, limits, watch)) {
        const events = batch.filter(isEvent);
        const last = events.at(-1);
        if (last) {
          await apply(events);
          foldedTo = last.position;
          lag.folded(events.length, last.created);
          for (const { progress } of runs) progress.advance(foldedTo);
          // While the checkpoint is written the next batch is folded already. A failure is met there.
          await saving;
          saving = checkpoints.save(names, foldedTo);
          saving.catch(() => {});
        }
        if (signal.aborted) break;
      }
      await saving;
    } finally {
      opened.close();
      lag.lost();
    }
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
      return runs.map(({ projection: { name, version }, progress }) => {
        const position = progress.position();
        // One that is ahead of the others waits for them: what is new to it has not been read yet.
        const isAhead = position > foldedTo;
        return {
          ...{ name, version, position: Math.max(position, 0) },
          lagEvents: isAhead ? null : events,
          lagSeconds: isAhead ? null : seconds,
        };
      });
    },
    stop: async () => {
      stopping.abort();
      subscription?.close();
      await running;
    },
  };
};
