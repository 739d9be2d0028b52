import type { Db } from 'mongodb';
import type { Clock } from '../projecting/clock.js';
import { isDuplicateKey } from '../projecting/duplicate-key.js';

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

type Kept = KeptRequest & { _id: string; createdAt: Date };

/**
 * Keeps requests in a database, each write acknowledged once it is on the disks of a majority of its
 * members.
 *
 * @param clock that all nodes share: a node whose own clock is wrong must not take keys for expired
 */
export const idempotencyKeysIn = (db: Db, clock: Clock): IdempotencyKeys => {
  const collection = db.collection<Kept>('idempotency_keys', {
    writeConcern: { w: 'majority', journal: true },
  });
  const expired = () => ({ createdAt: { $lt: new Date(clock.now() - lifetimeMs) } });
  return {
    claim: async (key, request) => {
      await collection.deleteOne({ _id: key, ...expired() });
      try {
        await collection.insertOne({ _id: key, ...request, createdAt: new Date(clock.now()) });
        return request;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const kept = await collection.findOne({ _id: key });
        // Gone again between the two: whoever asks is first.
        return kept ?? request;
      }
    },
    answer: async (key, answer) => {
      await collection.updateOne({ _id: key }, { $set: { answer } });
    },
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
