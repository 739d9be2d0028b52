import { ProtoReader } from '../../../protobuf/reader.js';
import { varintSize, writeVarint } from '../../../protobuf/varint.js';
import { uintField } from '../../../protobuf/writer.js';

/** An event as a client proposes it. */
export type ProposedEvent = Readonly<{
  /** 36 characters, lower case. */
  id: string;
  type: string;
  isJson: boolean;
  customMetadata: Buffer;
  data: Buffer;
}>;

/** The place a proposed event got. */
export type Place = Readonly<{
  stream: string;
  /** {@link tombstoneRevision} for the event that ends a stream. */
  revision: number;
  position: number;
  /** Milliseconds since 1970. */
  created: number;
}>;

/** Stands for revision 2^63-1, which no other event has. */
export const tombstoneRevision = Number.POSITIVE_INFINITY;

/** {@link tombstoneRevision} as clients see it. */
export const tombstoneRevisionOnWire = 9_223_372_036_854_775_807n;

const tombstoneVarint = Buffer.from('ffffffffffffffff7f', 'hex');
/** The size of the id field, which every record begins with. */
export const idFieldSize = 40;

/** Where the id's 36 characters begin in a record. */
export const idOffsetInRecord = 4;

const idHead = Buffer.from([0x0a, 38, 0x12, 36]);
const jsonType = mapEntry('content-type', 'application/json');
const binaryType = mapEntry('content-type', 'application/octet-stream');
const typeKey = Buffer.from([0x0a, 4, ...Buffer.from('type')]);
const createdKey = Buffer.from([0x0a, 7, ...Buffer.from('created')]);

function mapEntry(key: string, value: string): Buffer {
  const content = [
    0x0a,
    key.length,
    ...Buffer.from(key),
    0x12,
    value.length,
    ...Buffer.from(value),
  ];
  return Buffer.from([0x32, content.length, ...content]);
}

const lengthPrefixed = (length: number) => 1 + varintSize(length) + length;

const writeHead = (target: Buffer, offset: number, tag: number, length: number) => {
  target[offset] = tag;
  return writeVarint(target, offset + 1, length);
};

/**
 * Encodes an event once for its whole life: the bytes are a complete `ReadResp` message with the id
 * as text, so they are stored, read and sent to any number of readers as they are.
 */
export const encodeRecorded = (event: ProposedEvent, place: Place): Buffer => {
  const { position } = place;
  const nameSize = Buffer.byteLength(place.stream);
  const typeSize = Buffer.byteLength(event.type);
  const created = `${place.created}0000`;
  const isTombstone = place.revision === tombstoneRevision;
  const revisionSize = isTombstone ? 9 : varintSize(place.revision);
  const positionSize = 1 + varintSize(position);
  const typeEntry = typeKey.length + lengthPrefixed(typeSize);
  const createdEntry = createdKey.length + lengthPrefixed(created.length);
  const contentType = event.isJson ? jsonType : binaryType;
  const custom = event.customMetadata.length;

  const recordSize =
    idFieldSize +
    lengthPrefixed(lengthPrefixed(nameSize)) +
    (1 + revisionSize) +
    2 * positionSize +
    lengthPrefixed(typeEntry) +
    contentType.length +
    lengthPrefixed(createdEntry) +
    (custom > 0 ? lengthPrefixed(custom) : 0) +
    lengthPrefixed(event.data.length);
  const readEventSize = lengthPrefixed(recordSize) + positionSize;
  const target = Buffer.allocUnsafe(lengthPrefixed(readEventSize));

  let at = writeHead(target, 0, 0x0a, readEventSize);
  at = writeHead(target, at, 0x0a, recordSize);
  at += idHead.copy(target, at);
  at += target.write(event.id, at, 'latin1');
  at = writeHead(target, at, 0x12, lengthPrefixed(nameSize));
  at = writeHead(target, at, 0x1a, nameSize);
  at += target.write(place.stream, at);
  target[at++] = 0x18;
  if (isTombstone) at += tombstoneVarint.copy(target, at);
  else at = writeVarint(target, at, place.revision);
  target[at++] = 0x20;
  at = writeVarint(target, at, position);
  target[at++] = 0x28;
  at = writeVarint(target, at, position);
  at = writeHead(target, at, 0x32, typeEntry);
  at += typeKey.copy(target, at);
  at = writeHead(target, at, 0x12, typeSize);
  at += target.write(event.type, at);
  at += contentType.copy(target, at);
  at = writeHead(target, at, 0x32, createdEntry);
  at += createdKey.copy(target, at);
  at = writeHead(target, at, 0x12, created.length);
  at += target.write(created, at, 'latin1');
  if (custom > 0) {
    at = writeHead(target, at, 0x3a, custom);
    at += event.customMetadata.copy(target, at);
  }
  at = writeHead(target, at, 0x42, event.data.length);
  at += event.data.copy(target, at);
  target[at++] = 0x18;
  writeVarint(target, at, position);
  return target;
};

/** A copy of a record (the message alone) that says it is at another position. */
export const recordAt = (record: Buffer, position: number): Buffer => {
  const reader = new ProtoReader(record);
  const pass = (fields: number) => {
    for (let count = 0; count < fields; count++) {
      reader.field();
      reader.skip();
    }
    return reader.offset;
  };
  // Id, stream and revision come first, then the two halves of the position.
  const [start, end] = [pass(3), pass(2)];
  const halves = [uintField(4, position), uintField(5, position)];
  return Buffer.concat([record.subarray(0, start), ...halves, record.subarray(end)]);
};

/** The places in stored bytes where the record itself lies, without the `ReadResp` around it. */
export const recordBounds = (bytes: Buffer): readonly [start: number, end: number] => {
  const length = afterVarint(bytes, 1) + 1;
  const start = afterVarint(bytes, length);
  return [start, start + new ProtoReader(bytes, length).varint()];
};

const afterVarint = (bytes: Buffer, offset: number): number => {
  let at = offset;
  while ((bytes[at++] ?? 0) >= 0x80);
  return at;
};
