import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import type { ExpectedRevision } from '../storage/expected-revision.js';
import { CommitTimedOut, StoreClosed } from '../storage/writer.js';
import { MissingMetadata } from '../wire/stream-requests.js';

/**
 * A call that ends with a status. Clients look at the `exception` key in the trailers first and at
 * the code only without one, so both are part of the protocol.
 */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';

  constructor(
    readonly code: status,
    readonly details: string,
    readonly trailers: Readonly<Record<string, string | number>> = {},
  ) {
    super(details);
  }
}

// Metadata holds printable ASCII only, names hold anything.
const ascii = (text: string) =>
  text.replace(/[^\x20-\x7e]+/gu, (part) => encodeURIComponent(Buffer.from(part).toString()));

/** The status to end a call with, whatever it was that failed. */
export const statusOf = (error: unknown): StatusObject => {
  const { code, details, trailers } = asCallFailed(error);
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, ascii(String(value)));
  return { code, details, metadata };
};

const asCallFailed = (error: unknown): CallFailed => {
  if (error instanceof CallFailed) return error;
  if (error instanceof StoreClosed) return new CallFailed(status.UNAVAILABLE, error.message);
  if (error instanceof CommitTimedOut) return new CallFailed(status.ABORTED, error.message);
  if (error instanceof RangeError) return invalidArgument(error.message);
  if (error instanceof MissingMetadata)
    return new CallFailed(status.INVALID_ARGUMENT, 'required metadata is missing', {
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    });
  return new CallFailed(status.UNKNOWN, error instanceof Error ? error.message : String(error));
};

/** The error for a request that makes no sense. */
export const invalidArgument = (details: string): CallFailed =>
  new CallFailed(status.INVALID_ARGUMENT, details);

/** The error for a stream that was tombstoned, in the words of EventStoreDB; clients go by its trailers. */
export const streamDeleted = (stream: string): CallFailed =>
  new CallFailed(status.FAILED_PRECONDITION, `Stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** The error for credentials that belong to no user, or that cannot be read. */
export const unauthenticated = (): CallFailed =>
  new CallFailed(status.UNAUTHENTICATED, 'The credentials are not those of a user.');

/** The error for writing to a stream that only the server writes to. */
export const accessDenied = (stream: string): CallFailed =>
  new CallFailed(status.PERMISSION_DENIED, `Only the server writes to ${stream}.`, {
    exception: 'access-denied',
  });

/** The error for an append whose events have more bytes of data together than the server takes. */
export const maxAppendSizeExceeded = (maxAppendSize: number): CallFailed =>
  new CallFailed(status.INVALID_ARGUMENT, `Maximum append size of ${maxAppendSize} exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': maxAppendSize,
  });

const versionNumbers = { any: -2, 'no-stream': -1, 'stream-exists': -4 } as const;

/**
 * The error of Delete and Tombstone at another revision than the stream's. Appends answer that with a
 * message instead.
 */
export const wrongExpectedVersion = (
  stream: string,
  expected: ExpectedRevision,
  current: number,
): CallFailed =>
  new CallFailed(status.FAILED_PRECONDITION, 'Wrong expected revision.', {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': typeof expected === 'number' ? expected : versionNumbers[expected],
    'actual-version': current,
  });
