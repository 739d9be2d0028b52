import { randomUUID } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import type { Clock } from './clock.js';
import { isDuplicateKey } from './duplicate-key.js';
import {
  type Poison,
  type Rebuild,
  type RebuildProgress,
  RebuildUnderWay,
  type Rebuilt,
} from './rebuild-documents.js';

/** The one rebuild, as every node sees it. */
export type Rebuilds = Readonly<{
  last(): Promise<Rebuild | null>;
  /** Begins one. @throws RebuildUnderWay */
  begin(models: readonly Rebuilt[], skip: readonly string[]): Promise<Rebuild>;
  /** The rebuild under way if this node is to carry it on: nobody else does, or has given it up. */
  take(): Promise<Rebuild | null>;
  /** Says how far it is, and goes on being the one who builds. @returns false when it is no longer wanted of this node */
  report(id: string, progress: RebuildProgress): Promise<boolean>;
  /** Goes on to another state. What is left over is removed in time. @returns false when it is no longer wanted of this node */
  move(
    id: string,
    state: 'switching' | 'switched' | 'stopped',
    leaves?: readonly string[],
    poison?: Poison,
  ): Promise<boolean>;
  /** Gives up the rebuild that a projection takes part in. @returns undefined when there is none */
  cancel(name: string): Promise<Rebuild | undefined>;
  /** Lets go of it, so that another node carries it on at once. */
  release(): Promise<void>;
  /** Notes a collection to be removed, or that it has been. */
  discard(collection: string): Promise<void>;
  discarded(collection: string): Promise<void>;
}>;

const _id = 'rebuild' as const;
const underWay: readonly Rebuild['state'][] = ['building', 'switching'];

const collectionIn = (db: Db): Collection<Rebuild> => db.collection('projection_rebuilds');

/** Forgets the event that the last rebuild stopped at, where it is of one of some streams. */
export const forgetPoison = async (db: Db, streams: readonly string[]): Promise<void> => {
  const ofThem = { _id, 'poison.stream': { $in: [...streams] } };
  await collectionIn(db).updateOne(ofThem, { $set: { poison: null } });
};

/** Whether a rebuild is still being worked on. */
export const isUnderWay = ({ state }: Pick<Rebuild, 'state'>): boolean => underWay.includes(state);

/** For how long a node is believed to build that says nothing. */
const leaseMs = 10_000;

/**
 * Keeps the one rebuild in a database, for all nodes.
 *
 * @param node names this node among the others
 */
export const rebuildsIn = (db: Db, clock: Clock, node: string): Rebuilds => {
  const rebuilds = collectionIn(db);
  const held = (id: string) => ({ _id, id, state: { $in: underWay }, heldBy: node });

  return {
    last: () => rebuilds.findOne({ _id }),
    begin: async (models, skip) => {
      const before = await rebuilds.findOne({ _id });
      const rebuild: Rebuild = {
        _id,
        id: randomUUID(),
        state: 'building',
        models,
        skip,
        poison: null,
        startedAt: new Date(clock.now()).toISOString(),
        heldBy: null,
        heldUntil: 0,
        position: -1,
        head: 0,
        events: 0,
        eventsPerSecond: null,
        litter: before?.litter ?? [],
      };
      try {
        await rebuilds.replaceOne(
          { _id, id: before?.id ?? '', state: { $nin: underWay } },
          rebuild,
          { upsert: true },
        );
        return rebuild;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        throw new RebuildUnderWay((before ?? rebuild).models.map(({ name }) => name));
      }
    },
    take: () =>
      rebuilds.findOneAndUpdate(
        {
          _id,
          state: { $in: underWay },
          $or: [{ heldBy: node }, { heldUntil: { $lt: clock.now() } }],
        },
        { $set: { heldBy: node, heldUntil: clock.now() + leaseMs } },
        { returnDocument: 'after' },
      ),
    report: async (id, progress) => {
      const { matchedCount } = await rebuilds.updateOne(held(id), {
        $set: { ...progress, heldUntil: clock.now() + leaseMs },
      });
      return matchedCount > 0;
    },
    move: async (id, state, leaves = [], poison) => {
      const { matchedCount } = await rebuilds.updateOne(held(id), {
        $set: { state, ...(poison && { poison }) },
        $addToSet: { litter: { $each: [...leaves] } },
      });
      return matchedCount > 0;
    },
    cancel: async (name) => {
      const found = await rebuilds.findOne({ _id, state: 'building', 'models.name': name });
      if (!found) return undefined;
      const { id, models } = found;
      const { matchedCount } = await rebuilds.updateOne(
        { _id, id, state: 'building' },
        {
          $set: { state: 'cancelled' },
          $addToSet: { litter: { $each: models.map(({ collection }) => collection) } },
        },
      );
      return matchedCount > 0 ? { ...found, state: 'cancelled' } : undefined;
    },
    release: async () => {
      await rebuilds.updateOne({ _id, heldBy: node }, { $set: { heldBy: null, heldUntil: 0 } });
    },
    discard: async (collection) => {
      await rebuilds.updateOne({ _id }, { $addToSet: { litter: collection } });
    },
    discarded: async (collection) => {
      await rebuilds.updateOne({ _id }, { $pull: { litter: collection } });
    },
  };
};
