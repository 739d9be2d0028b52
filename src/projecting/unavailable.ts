import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { StoreUnavailable } from '../eventstore/event-store.js';
import { NotCaughtUp } from './progress.js';

/** The database does not answer. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/**
 * What a server says when it cannot serve anyone, whatever it was asked: names and numbers are those
 * of MongoDB's error_codes.yml.
 */
const troubles = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized
  18, // AuthenticationFailed
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  133, // FailedToSatisfyReadPreference
  189, // PrimarySteppedDown
  262, // ExceededTimeLimit
  391, // ReauthenticationRequired
  462, // IngressRequestRateLimitExceeded
  9001, // SocketException
  10058, // NotWritablePrimary, as it was once called
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

/** A driver's error as DatabaseUnavailable when it says that the database cannot be reached, else as it is. */
export const asUnavailable = (error: unknown): unknown =>
  isOutage(error)
    ? new DatabaseUnavailable('the database of read models does not answer', { cause: error })
    : error;

/** Whether an error says that a store is away or a read model behind, and nothing of what was asked. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  error instanceof DatabaseUnavailable ||
  error instanceof NotCaughtUp ||
  isOutage(error);

const isOutage = (error: unknown): boolean => {
  // A bulk write that met no answer wraps the reason.
  if (error instanceof MongoBulkWriteError && isOutage(error.errorResponse)) return true;
  if (!(error instanceof MongoError)) return false;
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNetworkError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError ||
    error instanceof MongoOperationTimeoutError ||
    error.hasErrorLabel('RetryableError') ||
    error.hasErrorLabel('SystemOverloadedError') ||
    troubles.has(Number(error.code))
  );
};
