import { type Document, deserialize, ObjectId, serialize } from 'bson';
import { CommandError } from './errors.js';

// Documents are kept and handed on as the bytes that came in: whatever types and field order a
// client wrote, it reads back. They are decoded only to be looked at.

/** One element of a document: type byte, name, and where it and its value lie. */
export type Element = Readonly<{
  type: number;
  name: string;
  start: number;
  valueStart: number;
  end: number;
}>;

/** The largest document that a client may store (16 MiB), as MongoDB has it. */
export const maxDocumentBytes = 16 * 1024 * 1024;

const truncated = () => new CommandError('FailedToParse', 'the BSON in the message is cut short');

/** How long values of a type are, by its byte; none of those that say themselves. */
const fixedSizes = new Int8Array(256).fill(-1);
for (const [type, size] of [
  [1, 8],
  [6, 0],
  [7, 12],
  [8, 1],
  [9, 8],
  [10, 0],
  [16, 4],
  [17, 8],
  [18, 8],
  [19, 16],
  [127, 0],
  [255, 0],
] as const)
  fixedSizes[type] = size;

const valueEnd = (bytes: Buffer, type: number, at: number): number => {
  const fixed = fixedSizes[type] ?? -1;
  if (fixed >= 0) return at + fixed;
  switch (type) {
    case 2:
    case 13:
    case 14:
      return at + 4 + bytes.readInt32LE(at);
    case 3:
    case 4:
    case 15:
      return at + bytes.readInt32LE(at);
    case 5:
      return at + 5 + bytes.readInt32LE(at);
    case 11:
      return bytes.indexOf(0, bytes.indexOf(0, at) + 1) + 1;
    case 12:
      return at + 4 + bytes.readInt32LE(at) + 12;
    default:
      throw new CommandError('FailedToParse', `unknown BSON type ${type}`);
  }
};

/** The elements of a document in order, without decoding them. */
function* elements(bytes: Buffer): Generator<Element> {
  const last = bytes.length - 1;
  let at = 4;
  while (at < last) {
    const start = at;
    const type = bytes[at] ?? 0;
    const nameEnd = bytes.indexOf(0, at + 1);
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const valueStart = nameEnd + 1;
    at = valueEnd(bytes, type, valueStart);
    if (nameEnd < 0 || at > last || at <= start) throw truncated();
    yield { type, name, start, valueStart, end: at };
  }
}

/** The element of that name, if the document has one. */
export const element = (bytes: Buffer, name: string): Element | undefined => {
  for (const each of elements(bytes)) if (each.name === name) return each;
  return undefined;
};

/** The documents of an array element, as bytes. */
export const documentsOf = (bytes: Buffer, array: Element): Buffer[] => {
  if (array.type !== 4)
    throw new CommandError('TypeMismatch', `'${array.name}' must be an array of documents`);
  const inner = bytes.subarray(array.valueStart, array.end);
  return Array.from(elements(inner), (each) => inner.subarray(each.valueStart, each.end));
};

/** A document made of pieces that are whole elements. */
export const documentFrom = (pieces: readonly Buffer[]): Buffer => {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 5);
  const out = Buffer.allocUnsafe(size);
  let at = out.writeInt32LE(size, 0);
  for (const piece of pieces) at += piece.copy(out, at);
  out[at] = 0;
  return out;
};

/** The document without the elements of that name. */
export const without = (bytes: Buffer, name: string): Buffer => {
  const found = element(bytes, name);
  if (!found) return bytes;
  return documentFrom([
    bytes.subarray(4, found.start),
    bytes.subarray(found.end, bytes.length - 1),
  ]);
};

/**
 * The document with `_id` as its first field: moved there, or, where it has none, the one given,
 * or else a new ObjectId.
 */
export const withIdFirst = (bytes: Buffer, id?: unknown): Buffer => {
  const found = element(bytes, '_id');
  if (found?.start === 4) return bytes;
  const idElement = found
    ? bytes.subarray(found.start, found.end)
    : encode({ _id: id === undefined ? new ObjectId() : id }).subarray(4, -1);
  const rest = found ? without(bytes, '_id') : bytes;
  return documentFrom([idElement, rest.subarray(4, -1)]);
};

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Encodes a document; values made by {@link decodeTyped} keep their types. */
export const encode = (document: Document): Buffer =>
  asBuffer(serialize(document, { ignoreUndefined: true }));

/** Decodes to plain values where nothing is lost, for matching and comparing. */
export const decode = (bytes: Buffer): Document =>
  deserialize(bytes, { bsonRegExp: true, promoteBuffers: false });

/** Names of fields, and what is decoded of a document that has none of them: each is undefined. */
export type FieldNames = Readonly<{
  names: readonly Readonly<{ name: string; bytes: Buffer }>[];
  none: Document;
}>;

export const fieldNames = (names: readonly string[]): FieldNames => ({
  names: names.map((name) => ({ name, bytes: Buffer.from(name) })),
  none: Object.fromEntries(names.map((name) => [name, undefined])),
});

const isNamed = (bytes: Buffer, start: number, name: Buffer): boolean => {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
};

// What most fields are is read here: to have them read from a document of their own takes longer.
const decodeOne = (bytes: Buffer, { type, name, start, valueStart, end }: Element): unknown => {
  if (type === 1) return bytes.readDoubleLE(valueStart);
  if (type === 16) return bytes.readInt32LE(valueStart);
  // The library refuses what is no UTF-8, or not ended by a zero.
  if (type === 2 && end - valueStart > 4 && bytes[end - 1] === 0) {
    const text = bytes.toString('utf8', valueStart + 4, end - 1);
    if (!text.includes('\ufffd')) return text;
  }
  return decode(documentFrom([bytes.subarray(start, end)]))[name];
};

/** The `_id` of a document; undefined where it has none. */
export const idOf = (bytes: Buffer): unknown => {
  const id = element(bytes, '_id');
  return id && decodeOne(bytes, id);
};

/** Decodes some of a document's own fields, as {@link decode} does, and skips what the others hold. */
export const decodeFields = (bytes: Buffer, { names, none }: FieldNames): Document => {
  const fields = { ...none };
  const last = bytes.length - 1;
  for (let at = 4; at < last; ) {
    const start = at;
    const type = bytes[at] ?? 0;
    const nameEnd = bytes.indexOf(0, at + 1);
    const valueStart = nameEnd + 1;
    at = valueEnd(bytes, type, valueStart);
    if (nameEnd < 0 || at > last || at <= start) throw truncated();
    for (const { name, bytes: own } of names)
      if (own.length === nameEnd - start - 1 && isNamed(bytes, start + 1, own))
        fields[name] = decodeOne(bytes, { type, name, start, valueStart, end: at });
  }
  return fields;
};

/** Decodes so that encoding again gives the same types: an Int32 stays one, a Double too. */
export const decodeTyped = (bytes: Buffer): Document =>
  deserialize(bytes, { bsonRegExp: true, promoteValues: false, promoteLongs: false });

/** A typed value as the plain value that filters compare with. */
export const plain = (value: unknown): unknown => decode(encode({ value })).value;
