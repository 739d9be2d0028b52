import type { Db } from 'mongodb';
import { pino } from 'pino';
import { v4 as newId } from 'uuid';
import { projections as everyProjection } from '../../../projections/index.js';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { forgettingKept } from '../../../src/projecting/forget-kept.js';
import { forgettingEnded } from '../../../src/projecting/forget-parked.js';
import { leaseIn } from '../../../src/projecting/lease.js';
import { startLeasedRunner } from '../../../src/projecting/leased-runner.js';
import { modelsIn } from '../../../src/projecting/models.js';
import { parkedIn } from '../../../src/projecting/parked.js';
import type { AnyProjection } from '../../../src/projecting/projection.js';
import type { Rebuild } from '../../../src/projecting/rebuild-documents.js';
import { type Rebuilding, startRebuilding } from '../../../src/projecting/rebuilding.js';
import { type Runner, startRunner } from '../../../src/projecting/runner.js';
import { type Serving, servingOf } from '../../../src/projecting/serving.js';
import { until } from '../../support/until.js';
import type { TestStores } from './stores.js';

/** What a node of Forkline has to do with read models. */
export type Node = Readonly<{
  runner: Runner;
  serving: Serving;
  rebuilding: Rebuilding;
  /** The documents that serve a projection at this moment, in the order of their ids. */
  documents(name: string): Promise<readonly object[]>;
  /** The last rebuild that a projection took part in. */
  rebuild(name: string): Promise<Rebuild | null>;
  stop(): Promise<void>;
}>;

type Options = Readonly<{
  db?: Db;
  projections?: readonly AnyProjection[];
  batchSize?: number;
  clock?: Readonly<{ now(): number }>;
  /** Whether one node at a time folds; by default this one does whatever others do. */
  leased?: boolean;
}>;

export const startNode = async (stores: TestStores, options: Options = {}): Promise<Node> => {
  const { store, streams } = stores;
  const { db = stores.db, projections = everyProjection, clock = Date, batchSize } = options;
  const { leased = false } = options;
  const log = pino({ level: 'silent' });
  const parked = parkedIn(db, store);
  await parked.prepare();
  const models = modelsIn(db);
  const serving = servingOf(await models.load(projections));
  const { collectionOf, isForeign } = serving;
  const common = { store, streams, db, projections, parked, log };
  const forgetKept = forgettingKept({ ...common, models });
  const forgetParked = forgettingEnded(parked.forget);
  const follower = async (events: readonly StoredEvent[]): Promise<void> => {
    await forgetKept(events);
    await forgetParked(events);
  };
  const runnerOptions = { ...common, collectionOf, isForeign, follower };
  const runner = await (leased
    ? startLeasedRunner({
        ...{ ...runnerOptions, clock, everyMs: 20 },
        lease: leaseIn(db, clock, newId(), projections),
      })
    : startRunner(runnerOptions));
  const rebuilding = startRebuilding({
    ...{ ...common, models, serving, runner, clock, everyMs: 20 },
    ...(batchSize && { batchSize }),
  });
  return {
    ...{ runner, serving, rebuilding },
    documents: (name) => documentsIn(db, serving.of(name).collection),
    rebuild: async (name) => (await rebuilding.standings()).get(name)?.rebuild ?? null,
    stop: async () => {
      await rebuilding.stop();
      await runner.stop();
    },
  };
};

export const documentsIn = (db: Db, collection: string): Promise<readonly object[]> =>
  db.collection<{ _id: string }>(collection).find().sort({ _id: 1 }).toArray();

/** Resolves once a node reads what a rebuild has built of projections. */
export const goneOver = (node: Node, rebuild: Rebuild): Promise<void> =>
  until(() =>
    rebuild.models.every(({ name, collection }) => node.serving.of(name).collection === collection),
  );

/** Resolves once the last rebuild of a projection is in a state. */
export const inState = (node: Node, name: string, state: Rebuild['state']): Promise<void> =>
  until(async () => (await node.rebuild(name))?.state === state);
