import type { Db } from 'mongodb';
import { askedTogether } from '../projecting/asked-together.js';
import type { Clock } from '../projecting/clock.js';
import { insertNew } from '../projecting/guarded-writes.js';

/** What was answered to a request. */
export type KeptAnswer = Readonly<{
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}>;

/** What is kept of a request under its key. Without an answer, the request is under way or was cut off. */
export type KeptRequest = Readonly<{
  /** Tells one request from another. */
  fingerprint: string;
  /** The ids it was first carried out with: carried out again, it adds nothing. */
  commandId: string;
  newId: string;
  answer?: KeptAnswer;
}>;

/** Requests by caller and idempotency key, for 24 hours. */
export type IdempotencyKeys = Readonly<{
  /** Keeps a request, unless there is one under the key already; gives what is kept. */
  claim(key: string, request: KeptRequest): Promise<KeptRequest>;
  answer(key: string, answer: KeptAnswer): Promise<void>;
  /** Forgets a request that was not carried out, by its key and command. */
  release(key: string, commandId: string): Promise<void>;
  /** Makes the index that expiry needs. */
  prepare(): Promise<void>;
  /** Removes what is older than 24 hours. */
  purge(): Promise<void>;
}>;

const lifetimeMs = 24 * 60 * 60 * 1000;
/** For how long a write waits for the one before, to go together with others. */
const patienceMs = 20;

type Kept = KeptRequest & { _id: string; createdAt: Date };
type Answered = Readonly<{ key: string; answer: KeptAnswer }>;

/**
 * Keeps requests in a database, each write acknowledged once it is on the disks of a majority of its
 * members. Writes that come while one is under way go together.
 *
 * @param clock that all nodes share: a node whose own clock is wrong must not take keys for expired
 */
export const idempotencyKeysIn = (db: Db, clock: Clock): IdempotencyKeys => {
  const collection = db.collection<Kept>('idempotency_keys', {
    writeConcern: { w: 'majority', journal: true },
  });
  // Under load a write of each for itself would cost as much as the command that it is for.
  const insert = askedTogether(
    (requests: readonly Kept[]) => insertNew(collection, requests),
    patienceMs,
  );
  const save = askedTogether(async (answers: readonly Answered[]): Promise<void> => {
    const updates = answers.map(({ key, answer }) => ({
      updateOne: { filter: { _id: key }, update: { $set: { answer } } },
    }));
    await collection.bulkWrite(updates, { ordered: false });
  }, patienceMs);
  const expired = () => ({ createdAt: { $lt: new Date(clock.now() - lifetimeMs) } });
  return {
    claim: async (key, request) => {
      for (;;) {
        const kept: Kept = { _id: key, ...request, createdAt: new Date(clock.now()) };
        const taken = await insert([kept]);
        if (!taken.has(key)) return request;
        const { deletedCount } = await collection.deleteOne({ _id: key, ...expired() });
        const found = deletedCount === 0 && (await collection.findOne({ _id: key }));
        if (found) return found;
        // Gone again: whoever asks is first.
      }
    },
    answer: (key, answer) => save([{ key, answer }]),
    release: async (key, commandId) => {
      await collection.deleteOne({ _id: key, commandId });
    },
    prepare: async () => {
      await collection.createIndex({ createdAt: 1 });
    },
    purge: async () => {
      await collection.deleteMany(expired());
    },
  };
};
