import { convertToCommandError, ErrorType, isCommandError } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { StoreUnavailable, StreamTombstoned } from './event-store.js';

/**
 * Turns the client's errors into those of the port.
 *
 * @throws StreamTombstoned, StoreUnavailable, or the failure as it is when it is neither
 */
export const fail = (failure: unknown, stream: string): never => {
  if (!(failure instanceof Error)) throw failure;
  // The client has converted the failures of its own calls already.
  const error = convertToCommandError(failure);
  if (!isCommandError(error)) throw error;
  switch (error.type) {
    case ErrorType.STREAM_DELETED:
      throw new StreamTombstoned(stream);
    case ErrorType.UNAVAILABLE:
    case ErrorType.CANCELLED:
    case ErrorType.TIMEOUT:
    case ErrorType.DEADLINE_EXCEEDED:
    case ErrorType.NOT_LEADER:
    case ErrorType.PERSISTENT_SUBSCRIPTION_DROPPED:
    case ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST:
      throw new StoreUnavailable(`the event store does not answer: ${error.message}`);
    default:
      if (!isCutOff(error)) throw error;
      throw new StoreUnavailable(`the connection to the event store was cut off: ${error.message}`);
  }
};

/** Whether a call ended because its connection did, as grpc-js has it. */
const isCutOff = ({ code, message }: Error & { code?: unknown }): boolean =>
  code === status.INTERNAL && message.includes('RST_STREAM');
