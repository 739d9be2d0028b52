import type { Collection, Db } from 'mongodb';
import type { Clock } from './clock.js';

type Reader = Readonly<{ _id: string; collections: readonly string[]; until: number }>;

/** Which collections of read models the nodes read from and write to. */
export type Readers = Readonly<{
  /** Says which ones this node does, for a while. */
  note(collections: readonly string[]): Promise<void>;
  /** Whether any node does. */
  isRead(collection: string): Promise<boolean>;
  /** Says that this node no longer does. */
  leave(): Promise<void>;
}>;

/** For how long it is believed that a node is there, unless it says so again. */
const believedMs = 15_000;

/**
 * Keeps in a database which collections each node reads.
 *
 * @param node names this node among the others
 */
export const readersIn = (db: Db, clock: Clock, node: string): Readers => {
  const readers: Collection<Reader> = db.collection('projection_readers');
  return {
    note: async (collections) => {
      await readers.updateOne(
        { _id: node },
        { $set: { collections, until: clock.now() + believedMs } },
        { upsert: true },
      );
      await readers.deleteMany({ until: { $lt: clock.now() - believedMs } });
    },
    isRead: async (collection) =>
      (await readers.findOne({ collections: collection, until: { $gt: clock.now() } })) !== null,
    leave: async () => {
      await readers.deleteOne({ _id: node });
    },
  };
};
