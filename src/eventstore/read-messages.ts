import { ProtoReader } from '../protobuf/reader.js';
import { readUuid } from '../protobuf/uuid.js';
import { bytesField, emptyField, stringField, uintField } from '../protobuf/writer.js';
import type { Recorded } from './codec.js';

// The messages of a subscription by Streams.Read, as streams.proto of EventStoreDB has them.

/** What a server says to a subscription: here an event, or that it has told of all there was. */
export type Answer = Readonly<{ event: Recorded }> | 'caughtUp' | undefined;

/** Which events of all streams are told of. */
export type Wanted = Readonly<{
  /** Those behind a position, or from the first or the next one on. */
  after: number | 'start' | 'end';
  /** What the names of their types match. */
  types: string;
  /** After how many times 32 events that do not match the server says how far it has come. */
  checkpointInterval: number;
}>;

/** The message that asks for a subscription. */
export const subscriptionOf = ({ after, types, checkpointInterval }: Wanted): Buffer =>
  bytesField(
    1,
    bytesField(2, startOf(after)),
    emptyField(6),
    bytesField(
      7,
      bytesField(2, stringField(1, types)),
      emptyField(4),
      uintField(5, checkpointInterval),
    ),
    bytesField(9, emptyField(2)),
  );

const startOf = (after: Wanted['after']): Buffer => {
  if (after === 'start') return emptyField(2);
  if (after === 'end') return emptyField(3);
  return bytesField(1, uintField(1, after), uintField(2, after));
};

/** Reads what a server says to a subscription. @throws RangeError when it is malformed */
export const readAnswer = (bytes: Buffer): Answer => {
  const message = new ProtoReader(bytes);
  let answer: Answer;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) answer = readResolved(message.message());
    else {
      if (field === 8) answer = 'caughtUp';
      message.skip();
    }
  }
  return answer;
};

const readResolved = (message: ProtoReader): Answer => {
  let answer: Answer;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) answer = { event: readRecorded(message.message()) };
    else message.skip();
  }
  return answer;
};

const nothing = Buffer.alloc(0);

/** Reads an event as the store's client does: data that is no JSON stays what it is. */
const readRecorded = (message: ProtoReader): Recorded => {
  let id = '';
  let streamId = '';
  let revision = 0;
  let commit = 0;
  const headers = { type: '', contentType: '', created: '' };
  let metadata: Buffer = nothing;
  let data: Buffer = nothing;
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) id = readUuid(message.message());
    else if (field === 2) streamId = readName(message.message());
    else if (field === 3) revision = message.varint();
    else if (field === 5) commit = message.varint();
    else if (field === 6) readHeader(message.message(), headers);
    else if (field === 7) metadata = message.bytes();
    else if (field === 8) data = message.bytes();
    else message.skip();
  }
  const isJson = headers.contentType === 'application/json';
  return {
    id,
    streamId,
    revision,
    type: headers.type,
    position: { commit },
    created: createdAt(headers.created),
    data: isJson ? parsed(data, () => data.toString()) : data,
    metadata: metadata.length > 0 ? parsed(metadata, () => metadata) : undefined,
  };
};

const readName = (message: ProtoReader): string => {
  let name = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 3) name = message.string();
    else message.skip();
  }
  return name;
};

const readHeader = (
  message: ProtoReader,
  headers: { type: string; contentType: string; created: string },
): void => {
  let key = '';
  let value = '';
  for (let field = message.field(); field; field = message.field()) {
    if (field === 1) key = message.string();
    else if (field === 2) value = message.string();
    else message.skip();
  }
  if (key === 'type') headers.type = value;
  else if (key === 'content-type') headers.contentType = value;
  else if (key === 'created') headers.created = value;
};

/** Of a time in units of 100 ns, which no number can hold, to the millisecond. What is none is 1970, as for the client. */
const createdAt = (ticks: string): Date => new Date(Number(ticks.slice(0, -4)) || 0);

const parsed = <Otherwise>(json: Buffer, otherwise: () => Otherwise): unknown => {
  try {
    return JSON.parse(json.toString());
  } catch {
    return otherwise();
  }
};
