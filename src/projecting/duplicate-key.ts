import { MongoServerError } from 'mongodb';

/** MongoDB's code for a write that breaks the uniqueness of an index, as `_id` has one: `DuplicateKey`. */
export const duplicateKey = 11000;

/** Whether a write failed because there is a document of the same key. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === duplicateKey;
