import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { EventStore } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Parked } from './parked.js';
import type { AnyProjection } from './projection.js';
import type { Poison, Rebuild, RebuildProgress } from './rebuild-documents.js';
import { startRunner } from './runner.js';
import { strictParked } from './strict-parked.js';

/** A rebuild as it goes on in this node. */
export type Build = Readonly<{
  rebuild: Rebuild;
  progress(): Promise<RebuildProgress>;
  /** The event that it goes no further than. */
  poison(): Poison | undefined;
  /** Whether it takes events as they come, and everything there was when it began to is folded. */
  isComplete(): Promise<boolean>;
  stop(): Promise<void>;
}>;

export type BuildOptions = Readonly<{
  db: Db;
  store: EventStore;
  streams: Streams;
  projections: readonly AnyProjection[];
  parked: Parked;
  log: Logger;
  /** How many events are folded at a time, at most. */
  batchSize?: number;
}>;

/**
 * Carries a rebuild on from where it is: all of its models in one pass over the events, into
 * collections that nobody reads yet.
 */
export const startBuild = async (options: BuildOptions, rebuild: Rebuild): Promise<Build> => {
  const { db, store, streams, log, batchSize } = options;
  const { models, skip } = rebuild;
  const started = performance.now();
  let poison: Poison | undefined;
  let folded = 0;
  let end: number | undefined;
  const collections = new Map(models.map(({ name, collection }) => [name, collection]));
  const projections = options.projections.filter(({ name }) => collections.has(name));
  const runner = await startRunner({
    store,
    streams,
    db,
    projections,
    log,
    ...(batchSize && { batchSize }),
    parked: strictParked(options.parked, {
      models,
      skip,
      onPoison: (met) => {
        poison ??= met;
      },
    }),
    collectionOf: ({ name }) => collections.get(name) ?? name,
    follower: async (events) => {
      folded += events.length;
    },
  });
  const come = () => Math.min(...models.map(({ name }) => runner.progress(name).position()));
  return {
    rebuild,
    progress: async () => {
      const position = come();
      const seconds = (performance.now() - started) / 1000;
      return {
        position,
        head: Math.max(await store.head(), position),
        events: rebuild.events + folded,
        eventsPerSecond: folded > 0 ? Math.round(folded / seconds) : null,
      };
    },
    poison: () => poison,
    isComplete: async () => {
      if (runner.status().some(({ lagEvents }) => lagEvents === null)) return false;
      end ??= await store.head();
      return Math.max(come(), 0) >= end;
    },
    stop: () => runner.stop(),
  };
};
