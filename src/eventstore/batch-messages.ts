import { ProtoReader } from '../protobuf/reader.js';
import { readUuid, textUuid } from '../protobuf/uuid.js';
import { bytesField, emptyField, stringField, uintField } from '../protobuf/writer.js';
import type { ExpectedRevision, NewEvent } from './event-store.js';

// The messages of Streams.BatchAppend, as streams.proto of EventStoreDB has them.

/** An append, as it is asked for. */
export type BatchAppend = Readonly<{
  correlationId: string;
  stream: string;
  events: readonly NewEvent[];
  expected: ExpectedRevision;
  /** Until when the server may take it, in milliseconds since 1970. */
  deadline: number;
}>;

/** Where the last event of an append is. */
type Success = { revision: number; commit: number; prepare: number };

/** Why an append was not carried out: the name of a message of shared.proto, and the limit where it tells of one. */
type Failure = { type: string; message: string; maxBytes: number };

/** What a server says of an append. */
export type BatchAnswer = {
  correlationId: string;
  success?: Readonly<Success>;
  failure?: Readonly<Failure>;
};

/** Of how many bytes of events one message is at most: servers take messages of 4 MiB. */
const largestMessage = 3 * 1024 * 1024;

const isFinal = uintField(4, 1);
const noStream = emptyField(3);
const contentType = bytesField(
  2,
  stringField(1, 'content-type'),
  stringField(2, 'application/json'),
);
const typeKey = stringField(1, 'type');

/** The messages that ask for an append: one, or several where its events are too large for one. */
export const requestsOf = (append: BatchAppend): readonly Buffer[] => {
  const id = bytesField(1, textUuid(append.correlationId));
  const requests: Buffer[] = [];
  let parts = [id, optionsOf(append)];
  let size = 0;
  for (const event of append.events) {
    const proposed = proposedOf(event);
    if (size > 0 && size + proposed.length > largestMessage) {
      requests.push(Buffer.concat(parts));
      parts = [id];
      size = 0;
    }
    parts.push(proposed);
    size += proposed.length;
  }
  requests.push(Buffer.concat([...parts, isFinal]));
  return requests;
};

const optionsOf = ({ stream, expected, deadline }: BatchAppend): Buffer =>
  bytesField(
    2,
    bytesField(1, stringField(3, stream)),
    expected === 'none' ? noStream : uintField(2, expected),
    bytesField(6, uintField(1, Math.floor(deadline / 1_000))),
  );

const proposedOf = ({ id, type, data, metadata }: NewEvent): Buffer =>
  bytesField(
    3,
    bytesField(1, textUuid(id)),
    bytesField(2, typeKey, stringField(2, type)),
    contentType,
    stringField(3, JSON.stringify(metadata)),
    stringField(4, JSON.stringify(data)),
  );

/** Reads what a server answers. @throws RangeError when it is malformed */
export const readAnswer = (bytes: Buffer): Readonly<BatchAnswer> => {
  const message = new ProtoReader(bytes);
  const answer: BatchAnswer = { correlationId: '' };
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) answer.correlationId = readUuid(message.message());
    else if (field === 2) answer.failure = readStatus(message.message());
    else if (field === 3) answer.success = readSuccess(message.message());
    else message.skip();
  }
  return answer;
};

const readSuccess = (message: ProtoReader): Success => {
  const success = { revision: 0, commit: 0, prepare: 0 };
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) success.revision = message.varint();
    else if (field === 3) readPosition(message.message(), success);
    else message.skip();
  }
  return success;
};

const readPosition = (message: ProtoReader, success: Success): void => {
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) success.commit = message.varint();
    else if (field === 2) success.prepare = message.varint();
    else message.skip();
  }
};

/** Reads a google.rpc.Status with one detail, which says what kind of failure it is. */
const readStatus = (message: ProtoReader): Failure => {
  const failure = { type: '', message: '', maxBytes: 0 };
  for (let field = message.field(); field; field = message.field()) {
    if (field === 2) failure.message = message.string();
    else if (field === 3) readDetail(message.message(), failure);
    else message.skip();
  }
  return failure;
};

const readDetail = (message: ProtoReader, failure: Failure): void => {
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) failure.type = message.string().replace(/^.*[./]/, '');
    else if (field === 2 && failure.type === 'MaximumAppendSizeExceeded')
      failure.maxBytes = readMaxBytes(message.message());
    else message.skip();
  }
};

const readMaxBytes = (message: ProtoReader): number =>
  message.field() === 1 ? message.varint() : 0;
