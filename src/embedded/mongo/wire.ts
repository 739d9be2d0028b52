import type { Document } from 'bson';
import { CommandError } from './errors.js';
import { decode, documentFrom, documentsOf, element, encode, without } from './raw.js';

/** The largest message that is taken, as `hello` tells clients. */
export const maxMessageBytes = 48_000_000;

/** The most statements that a write command may have, as `hello` tells clients. */
export const maxWriteBatchSize = 100_000;

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const checksumPresent = 1;
const moreToCome = 2;

/** A command as it came over the wire. */
export type Request = Readonly<{
  id: number;
  /** The first field of the command document. */
  name: string;
  db: string;
  /** The command as it came, for those parts whose types matter. */
  body: Buffer;
  /** The command without its batch of documents, decoded to plain values. */
  args: Document;
  /** The documents, updates or deletes of a write command, undecoded. */
  batch: readonly Buffer[];
  /** Sent with moreToCome: the client does not want a reply. */
  isUnanswered: boolean;
  /** Sent as OP_QUERY, as drivers do for their first hello. */
  isLegacy: boolean;
}>;

const batchNames: Readonly<Record<string, string>> = {
  insert: 'documents',
  update: 'updates',
  delete: 'deletes',
};

const toRequest = (
  id: number,
  body: Buffer,
  sequences: ReadonlyMap<string, readonly Buffer[]>,
  flags: Readonly<{ isUnanswered: boolean; isLegacy: boolean }>,
): Request => {
  const name = body.toString('utf8', 5, body.indexOf(0, 5));
  const batchName = batchNames[name];
  const inBody = batchName === undefined ? undefined : element(body, batchName);
  const args = decode(batchName && inBody ? without(body, batchName) : body);
  const batch = inBody
    ? documentsOf(body, inBody)
    : ((batchName === undefined ? undefined : sequences.get(batchName)) ?? []);
  return { id, name, db: String(args.$db ?? 'admin'), body, args, batch, ...flags };
};

const parseMsg = (message: Buffer): Request => {
  const flags = message.readUInt32LE(16);
  const end = message.length - (flags & checksumPresent ? 4 : 0);
  const sequences = new Map<string, Buffer[]>();
  let body: Buffer | undefined;
  let at = 20;
  while (at < end) {
    const kind = message[at++];
    const size = message.readInt32LE(at);
    if (size < 5 || at + size > end)
      throw new CommandError('FailedToParse', 'a section of the message is cut short');
    const section = message.subarray(at, at + size);
    at += size;
    if (kind === 0) body = section;
    else if (kind === 1) {
      const nameEnd = section.indexOf(0, 4);
      const documents: Buffer[] = [];
      for (let next = nameEnd + 1; next < size; ) {
        const length = section.readInt32LE(next);
        if (length < 5 || next + length > size)
          throw new CommandError('FailedToParse', 'a document sequence is cut short');
        documents.push(section.subarray(next, next + length));
        next += length;
      }
      sequences.set(section.toString('utf8', 4, nameEnd), documents);
    } else throw new CommandError('FailedToParse', `unknown section kind ${kind}`);
  }
  if (!body) throw new CommandError('FailedToParse', 'the message has no body');
  const isUnanswered = (flags & moreToCome) !== 0;
  return toRequest(message.readInt32LE(4), body, sequences, { isUnanswered, isLegacy: false });
};

const parseQuery = (message: Buffer): Request => {
  // flags, collection name, skip and limit come before the document.
  const documentAt = message.indexOf(0, 20) + 9;
  const body = message.subarray(documentAt, documentAt + message.readInt32LE(documentAt));
  return toRequest(message.readInt32LE(4), body, new Map(), {
    isUnanswered: false,
    isLegacy: true,
  });
};

/**
 * Reads one whole message.
 *
 * @throws CommandError for malformed messages and opcodes other than OP_MSG and OP_QUERY
 */
export const parseMessage = (message: Buffer): Request => {
  const opcode = message.readInt32LE(12);
  if (opcode === opMsg) return parseMsg(message);
  if (opcode === opQuery) return parseQuery(message);
  throw new CommandError('CommandNotFound', `opcode ${opcode} is not supported`);
};

/** A reply: a document, or one already encoded. */
export type Reply = Document | Buffer;

let lastRequestId = 0;

/** The bytes that answer a request. */
export const formatReply = (request: Pick<Request, 'id' | 'isLegacy'>, reply: Reply): Buffer => {
  const document = Buffer.isBuffer(reply) ? reply : encode(reply);
  const headSize = request.isLegacy ? 36 : 21;
  const head = Buffer.alloc(headSize);
  head.writeInt32LE(headSize + document.length, 0);
  lastRequestId = (lastRequestId + 1) & 0x7fffffff;
  head.writeInt32LE(lastRequestId, 4);
  head.writeInt32LE(request.id, 8);
  head.writeInt32LE(request.isLegacy ? opReply : opMsg, 12);
  // OP_REPLY: flags, cursor id, starting from, and how many documents follow.
  if (request.isLegacy) head.writeInt32LE(1, 32);
  return Buffer.concat([head, document]);
};

/** The reply with a batch of a cursor, made of documents as they are stored, undecoded. */
export const cursorReply = (
  batchName: 'firstBatch' | 'nextBatch',
  cursor: Readonly<{ id: unknown; ns: string }>,
  documents: readonly Buffer[],
): Buffer => {
  const items = documents.flatMap((document, index) => [
    Buffer.from(`\x03${index}\0`, 'latin1'),
    document,
  ]);
  const nested = (type: number, name: string, inner: Buffer) => [
    Buffer.from(`${String.fromCharCode(type)}${name}\0`, 'latin1'),
    inner,
  ];
  const ends = encode({ id: cursor.id, ns: cursor.ns }).subarray(4, -1);
  const inside = documentFrom([...nested(4, batchName, documentFrom(items)), ends]);
  return documentFrom([...nested(3, 'cursor', inside), encode({ ok: 1 }).subarray(4, -1)]);
};

/**
 * Cuts a stream of chunks into messages, wherever the chunks were cut.
 *
 * @returns takes a chunk, gives the messages it completes
 * @throws CommandError (from the returned function) when a length is impossible: the connection cannot go on
 */
export const messageSplitter = (): ((chunk: Buffer) => Buffer[]) => {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = 4;
  return (chunk) => {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < wanted) return [];
    let bytes = held.length === 1 ? chunk : Buffer.concat(held);
    const messages: Buffer[] = [];
    wanted = 4;
    while (bytes.length >= 4) {
      const size = bytes.readInt32LE(0);
      if (size < 16 || size > maxMessageBytes)
        throw new CommandError('InvalidLength', `a message of ${size} bytes is not taken`);
      wanted = size;
      if (bytes.length < size) break;
      messages.push(bytes.subarray(0, size));
      bytes = bytes.subarray(size);
      wanted = 4;
    }
    held = bytes.length > 0 ? [bytes] : [];
    heldBytes = bytes.length;
    return messages;
  };
};
