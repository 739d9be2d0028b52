import type { Collection, Db } from 'mongodb';

/** When a worker was last heard from, and until when it need not be heard from again. Milliseconds since 1970. */
export type Heartbeat = Readonly<{ workerId: string; at: number; expiresAt: number }>;

/**
 * Heartbeats of workers: the latest of each. They are measurements that go out of date in seconds
 * and so are no events. Should the collection be lost, the workers that are there are found again.
 */
export type WorkerHeartbeats = Readonly<{
  beat(heartbeat: Heartbeat): Promise<void>;
  /** Those whose time is up, those waiting longest first; a few hundred at most. */
  expired(now: number): Promise<readonly Heartbeat[]>;
  /** Expects nothing more of a worker, unless it was heard from since. */
  rest(heartbeat: Pick<Heartbeat, 'workerId' | 'at'>): Promise<void>;
  /** Expects a heartbeat of each of these workers by a moment, unless one is expected already. */
  expect(workerIds: readonly string[], expiresAt: number): Promise<void>;
  /** When each of these workers was last heard from; those that never were are left out. */
  lastOf(workerIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Makes the index that looking for expired ones needs. */
  prepare(): Promise<void>;
}>;

const mostAtOnce = 500;

/** `at` is missing of a worker that is waited for without ever having been heard from. */
type Kept = { _id: string; at?: number; expiresAt?: number };

/** Keeps the latest heartbeat of each worker in a database. */
export const workerHeartbeatsIn = (db: Db): WorkerHeartbeats => {
  const collection: Collection<Kept> = db.collection<Kept>('worker_heartbeats');
  return {
    beat: async ({ workerId, at, expiresAt }) => {
      await collection.updateOne({ _id: workerId }, { $set: { at, expiresAt } }, { upsert: true });
    },
    expired: async (now) => {
      const kept = await collection
        .find({ expiresAt: { $lte: now } })
        .sort({ expiresAt: 1 })
        .limit(mostAtOnce)
        .toArray();
      return kept.map(({ _id, at = 0, expiresAt = 0 }) => ({ workerId: _id, at, expiresAt }));
    },
    rest: async ({ workerId, at }) => {
      // Kept as 0 where there is none: see expect.
      await collection.updateOne({ _id: workerId, at }, { $unset: { expiresAt: '' } });
    },
    expect: async (workerIds, expiresAt) => {
      const awaited = await collection
        .find({ _id: { $in: [...workerIds] }, expiresAt: { $gt: 0 } }, { projection: { _id: 1 } })
        .toArray();
      const known = new Set(awaited.map(({ _id }) => _id));
      const missing = workerIds.filter((id) => !known.has(id));
      if (missing.length === 0) return;
      await collection.bulkWrite(
        missing.map((_id) => ({
          updateOne: {
            filter: { _id },
            update: { $max: { at: 0, expiresAt } },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    },
    lastOf: async (workerIds) => {
      const kept = await collection.find({ _id: { $in: [...workerIds] } }).toArray();
      return new Map(kept.flatMap(({ _id, at }) => (at ? [[_id, at] as const] : [])));
    },
    prepare: async () => {
      await collection.createIndex({ expiresAt: 1 });
    },
  };
};
