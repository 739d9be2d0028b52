import { convertToCommandError, ErrorType, isCommandError } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import {
  AppendTooLarge,
  type ExpectedRevision,
  RevisionConflict,
  StoreUnavailable,
  StreamTombstoned,
} from './event-store.js';
import { rememberLoss } from './orphaned-rejections.js';

/**
 * Turns the client's errors into those of the port.
 *
 * @param expected the revision that an append expected; means nothing of other calls
 * @throws RevisionConflict, StreamTombstoned, AppendTooLarge, StoreUnavailable, or the failure as it is
 *   when it is none of these
 */
export const fail = (failure: unknown, stream: string, expected: ExpectedRevision): never => {
  if (!(failure instanceof Error)) throw failure;
  // Already converted but for what the client asks a server before its first append.
  const error = convertToCommandError(failure);
  if (!isCommandError(error)) throw error;
  switch (error.type) {
    case ErrorType.WRONG_EXPECTED_VERSION:
      throw new RevisionConflict(stream, expected);
    case ErrorType.STREAM_DELETED:
      throw new StreamTombstoned(stream);
    case ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED:
      throw new AppendTooLarge(error.maxAppendSize);
    case ErrorType.UNAVAILABLE:
    case ErrorType.CANCELLED:
    case ErrorType.TIMEOUT:
    case ErrorType.DEADLINE_EXCEEDED:
    case ErrorType.NOT_LEADER:
    case ErrorType.PERSISTENT_SUBSCRIPTION_DROPPED:
    case ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST:
      rememberLoss(error._raw);
      throw new StoreUnavailable(`the event store does not answer: ${error.message}`);
    default:
      if (!isCutOff(error)) throw error;
      rememberLoss(error._raw);
      throw new StoreUnavailable(`the connection to the event store was cut off: ${error.message}`);
  }
};

/** Whether a call ended because its connection did, as grpc-js has it. */
const isCutOff = ({ code, message }: Error & { code?: unknown }): boolean =>
  code === status.INTERNAL && message.includes('RST_STREAM');
