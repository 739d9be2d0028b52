import { ProtoReader } from '../../../protobuf/reader.js';
import { readUuid } from '../../../protobuf/uuid.js';
import type { ExpectedRevision } from '../storage/expected-revision.js';
import type { ProposedEvent } from './recorded-event.js';

/** An event lacks its type or content type. */
export class MissingMetadata extends Error {
  override readonly name = 'MissingMetadata';
}

/** The stream that a request is about, and what it expects of it. */
export type TargetOptions = {
  stream: string;
  expected: ExpectedRevision;
  /** When the append is given up, in milliseconds since 1970; only BatchAppend says so. */
  deadline?: number;
};

const noBytes = Buffer.alloc(0);

/** Reads a `StreamIdentifier`. */
export const readStreamName = (message: ProtoReader): string => {
  let name = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 3) name = message.string();
    else message.skip();
  }
  return name;
};

const expectations: Readonly<Record<number, ExpectedRevision>> = {
  3: 'no-stream',
  4: 'any',
  5: 'stream-exists',
};

/** Reads the options that Append, BatchAppend, Delete and Tombstone share. @throws RangeError */
const readTarget = (message: ProtoReader): TargetOptions => {
  const target: TargetOptions = { stream: '', expected: 'any' };
  for (let field = message.field(); field; field = message.field()) {
    const expected = expectations[field];
    if (field === 1) target.stream = readStreamName(message.message());
    else if (field === 2) {
      const place = message.place();
      target.expected = place === 'end' ? 'no-stream' : place;
    } else if (expected) {
      target.expected = expected;
      message.skip();
    } else if (field === 6) target.deadline = readTimestamp(message.message());
    else if (field === 7) target.deadline = Date.now() + readTimestamp(message.message());
    else message.skip();
  }
  return target;
};

/** Milliseconds of a google.protobuf.Timestamp or Duration. */
const readTimestamp = (message: ProtoReader): number => {
  let milliseconds = 0;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) milliseconds += message.varint() * 1000;
    else if (field === 2) milliseconds += message.varint() / 1e6;
    else message.skip();
  }
  return milliseconds;
};

/**
 * Reads a `ProposedMessage`.
 *
 * @throws MissingMetadata
 */
const readProposed = (message: ProtoReader): ProposedEvent => {
  let id = '';
  let type: string | undefined;
  let contentType: string | undefined;
  let customMetadata: Buffer = noBytes;
  let data: Buffer = noBytes;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) id = readUuid(message.message());
    else if (field === 2) {
      const [key, value] = readMapEntry(message.message());
      if (key === 'type') type = value;
      else if (key === 'content-type') contentType = value;
    } else if (field === 3) customMetadata = message.bytes();
    else if (field === 4) data = message.bytes();
    else message.skip();
  }
  if (type === undefined || contentType === undefined) throw new MissingMetadata();
  return { id, type, isJson: contentType === 'application/json', customMetadata, data };
};

const readMapEntry = (message: ProtoReader): readonly [string, string] => {
  let key = '';
  let value = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) key = message.string();
    else if (field === 2) value = message.string();
    else message.skip();
  }
  return [key, value];
};

/**
 * Reads one message of an Append call: the options come first, then the events.
 *
 * @returns undefined for a message that has neither
 * @throws RangeError when it is malformed
 * @throws MissingMetadata
 */
export const readAppendMessage = (bytes: Buffer): TargetOptions | ProposedEvent | undefined => {
  const message = new ProtoReader(bytes);
  const field = message.field();
  if (field === 1) return readTarget(message.message());
  if (field === 2) return readProposed(message.message());
  return undefined;
};

/** One message of a BatchAppend call. */
export type BatchChunk = {
  /** The correlation id as sent, which is also how it is answered. */
  correlationId: Buffer;
  target?: TargetOptions;
  events: ProposedEvent[];
  isFinal: boolean;
};

/**
 * Reads one message of a BatchAppend call.
 *
 * @param chunk filled with what the message has; fields that it lacks stay as they are
 * @throws RangeError when the message is malformed
 * @throws MissingMetadata
 */
export const readBatchChunk = (bytes: Buffer, chunk: BatchChunk): void => {
  const message = new ProtoReader(bytes);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) chunk.correlationId = message.bytes();
    else if (field === 2) chunk.target = readTarget(message.message());
    else if (field === 3) chunk.events.push(readProposed(message.message()));
    else if (field === 4) chunk.isFinal = message.bool();
    else message.skip();
  }
};

/** Reads the options of a Delete or Tombstone request. @throws RangeError when there are none */
export const readDelete = (bytes: Buffer): TargetOptions => {
  const message = new ProtoReader(bytes);
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) return readTarget(message.message());
    message.skip();
  }
  throw new RangeError('the request names no stream');
};
