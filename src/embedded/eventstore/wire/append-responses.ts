import { bytesField, emptyField, stringField, uintField } from '../../../protobuf/writer.js';
import type { Appended } from '../storage/decide-append.js';
import type { ExpectedRevision } from '../storage/expected-revision.js';

type ExpectationFields = Readonly<Record<'revision' | Exclude<ExpectedRevision, number>, number>>;

/** The oneof of an expectation, given the fields of its four cases. */
const expectation = (expected: ExpectedRevision, fields: ExpectationFields): Buffer =>
  typeof expected === 'number'
    ? uintField(fields.revision, expected)
    : emptyField(fields[expected]);

// As of a transaction: it is committed with its last event, and prepared from its first one on.
const success = ({ revision, positions }: Appended): readonly Buffer[] => [
  revision === -1 ? emptyField(2) : uintField(1, revision),
  positions
    ? bytesField(3, uintField(1, positions.last), uintField(2, positions.first))
    : emptyField(4),
];

/** The answer to an Append that was carried out: `AppendResp.Success`. */
export const appendSuccess = (appended: Appended): Buffer => bytesField(1, ...success(appended));

/**
 * The answer to an Append at another revision than the stream's: `AppendResp.WrongExpectedVersion`, and
 * no error status.
 *
 * @param current the stream's revision; -1 when it has no events
 */
export const appendWrongRevision = (current: number, expected: ExpectedRevision): Buffer =>
  bytesField(
    2,
    current === -1 ? emptyField(7) : uintField(6, current),
    expectation(expected, { revision: 8, any: 9, 'stream-exists': 10, 'no-stream': 11 }),
  );

/** `position {commit, prepare}` of a Delete or Tombstone answer. */
export const deleteResponse = (position: number): Buffer =>
  bytesField(1, uintField(1, position), uintField(2, position));

/** Why a batch append failed: the type of the details, their content, and google.rpc's code. */
export type BatchFailure = Readonly<{
  type: string;
  code: number;
  message: string;
  details?: readonly Buffer[];
}>;

/**
 * The failure of a BatchAppend at another revision than the stream's.
 *
 * @param current the stream's revision; -1 when it has no events
 */
export const batchWrongRevision = (current: number, expected: ExpectedRevision): BatchFailure => ({
  type: 'WrongExpectedVersion',
  code: 6,
  message: 'wrong expected revision',
  details: [
    current === -1 ? emptyField(2) : uintField(1, current),
    expectation(expected, { revision: 3, any: 4, 'stream-exists': 5, 'no-stream': 6 }),
  ],
});

/** The failure of a BatchAppend to a stream that was tombstoned. */
export const batchStreamDeleted = (stream: string): BatchFailure => ({
  type: 'StreamDeleted',
  code: 5,
  message: `${stream} is deleted`,
  details: [bytesField(1, stringField(3, stream))],
});

/** The failure of a BatchAppend to a stream that only the server writes to. */
export const batchAccessDenied: BatchFailure = {
  type: 'AccessDenied',
  code: 7,
  message: 'only the server writes to this stream',
};

/** The failure of a BatchAppend with more bytes of data than the server takes. */
export const batchTooBig = (maxAppendSize: number): BatchFailure => ({
  type: 'MaximumAppendSizeExceeded',
  code: 3,
  message: `more than ${maxAppendSize} bytes of data`,
  details: [uintField(1, maxAppendSize)],
});

/** The failure of a BatchAppend whose time was up; once it is being committed, it may be kept all the same. */
export const batchTimeout: BatchFailure = { type: 'Timeout', code: 4, message: 'timed out' };

/** The failure of a BatchAppend that makes no sense. */
export const batchBadRequest = (message: string): BatchFailure => ({
  type: 'BadRequest',
  code: 3,
  message,
  details: [stringField(1, message)],
});

/**
 * The failure of a BatchAppend for no reason of the client's. Its type is one that the client does not
 * know, so that the client shows the message: with `Unknown` it would drop it.
 */
export const batchFailed = (message: string): BatchFailure => ({
  ...batchBadRequest(message),
  code: 2,
});

/** The answer to a BatchAppend that was carried out: `BatchAppendResp.Success`. */
export const batchSuccess = (correlationId: Buffer, stream: string, appended: Appended): Buffer =>
  Buffer.concat([
    bytesField(1, correlationId),
    bytesField(3, ...success(appended)),
    bytesField(4, stringField(3, stream)),
  ]);

/** The answer to a BatchAppend that was not carried out: `BatchAppendResp.error`, a `google.rpc.Status`. */
export const batchError = (
  correlationId: Buffer,
  stream: string,
  failure: BatchFailure,
): Buffer => {
  const { type, code, message, details = [] } = failure;
  const any = bytesField(
    3,
    stringField(1, `type.googleapis.com/event_store.client.${type}`),
    bytesField(2, ...details),
  );
  return Buffer.concat([
    bytesField(1, correlationId),
    bytesField(2, uintField(1, code), stringField(2, message), any),
    bytesField(4, stringField(3, stream)),
  ]);
};
