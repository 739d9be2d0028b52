import type { Document } from 'bson';
import { after } from '../packing/after.js';
import type { Catalogue, Collection, Index } from './catalogue.js';
import { segmentPrefix } from './catalogue.js';
import { CommandError } from './errors.js';
import { extractKeys, isSameAt, type KeyTuple } from './index-keys.js';
import { cutKey, encodeKey, encodeKeys } from './key-encoding.js';
import { decode, documentFrom, element, maxDocumentBytes } from './raw.js';
import { shellText } from './shell-text.js';
import type { Store } from './store.js';
import { scoreTerms } from './text.js';

// LMDB takes keys up to 1,978 bytes: 4 for the segment, these two, and 2 for the length.
const maxFieldsBytes = 1200;
const maxIdBytes = 600;

/** How many bytes the fields of an index entry may take before they are cut. */
export const keyLimit = ({ name }: Index): number =>
  name === '_id_' ? maxIdBytes : maxFieldsBytes;

const nothing = Buffer.alloc(0);

/** The key of an `_id` within its collection. */
export const idKeyOf = (id: unknown): Buffer => cutKey(encodeKey(id), maxIdBytes);

/** The `_id` of a stored document. */
export const idOf = (raw: Buffer): unknown => {
  const id = element(raw, '_id');
  return id && decode(documentFrom([raw.subarray(id.start, id.end)]))._id;
};

/** The key of a document in the store. */
export const documentKey = (collection: Collection, idKey: Buffer): Buffer =>
  Buffer.concat([segmentPrefix(collection.segment), idKey]);

/** The `_id` part of an index entry's key. */
export const idKeyOfEntry = (key: Buffer): Buffer =>
  key.subarray(key.length - 2 - key.readUInt16BE(key.length - 2), key.length - 2);

type IndexEntry = Readonly<{
  key: Buffer;
  /** How long the key is without the `_id` at its end. */
  fieldsBytes: number;
  values: readonly unknown[];
  value: Buffer;
}>;

type Entries = Readonly<{
  byKey: ReadonlyMap<string, IndexEntry>;
  /** The index, knowing of what is special about these entries. */
  index: Index;
}>;

const scoreBytes = (score: number): Buffer => {
  const value = Buffer.allocUnsafe(8);
  value.writeDoubleLE(score);
  return value;
};

const withTerms = (index: Index, document: Document, tuples: readonly KeyTuple[]) => {
  const { text } = index;
  if (!text) return tuples.map((values) => ({ values, value: nothing }));
  const scores = [...scoreTerms(document, text.weights)];
  return tuples.flatMap((tuple) =>
    scores.map(([term, score]) => ({ values: [...tuple, term], value: scoreBytes(score) })),
  );
};

type Layout = Readonly<{
  paths: readonly (readonly string[])[];
  directions: readonly number[];
  /** The paths of all that its entries are made of: those, and the ones of a text. */
  sources: readonly (readonly string[])[];
}>;

const layouts = new WeakMap<Index, Layout>();

const layoutOf = (index: Index): Layout => {
  const known = layouts.get(index);
  if (known) return known;
  const { fields, text } = index;
  const paths = fields.map(([path]) => path.split('.'));
  const texts = Object.keys(text?.weights ?? {});
  const layout = {
    paths,
    directions: fields.map(([, direction]) => direction),
    sources: [...paths, ...texts.map((path) => path.split('.'))],
  };
  layouts.set(index, layout);
  return layout;
};

/** Whether an index has the same entries for what a document was and what it is now. */
const isUntouched = (index: Index, old: Document, next: Document): boolean =>
  layoutOf(index).sources.every((parts) => isSameAt(old, next, parts));

const entriesOf = (index: Index, document: Document, idKey: Buffer): Entries => {
  const { paths, directions } = layoutOf(index);
  const { tuples, throughArray } = extractKeys(document, paths);
  const prefix = segmentPrefix(index.segment);
  const byKey = new Map<string, IndexEntry>();
  let hasCut = index.hasCut;
  for (const { values, value } of withTerms(index, document, tuples)) {
    const whole = encodeKeys(values, directions);
    if (whole.length > maxFieldsBytes) hasCut = true;
    const fields = cutKey(whole, maxFieldsBytes);
    const fieldsBytes = prefix.length + fields.length;
    const key = Buffer.allocUnsafe(fieldsBytes + idKey.length + 2);
    key.set(prefix);
    key.set(fields, prefix.length);
    key.set(idKey, fieldsBytes);
    key.writeUInt16BE(idKey.length, fieldsBytes + idKey.length);
    byKey.set(key.toString('latin1'), { key, fieldsBytes, values, value });
  }
  const isMultikey = index.isMultikey.map((known, i) => known || (throughArray[i] ?? false));
  const isSame =
    hasCut === index.hasCut && isMultikey.every((known, i) => known === index.isMultikey[i]);
  return { byKey, index: isSame ? index : { ...index, isMultikey, hasCut } };
};

/** Documents with their index entries. Everything here runs inside {@link Store.write}. */
export class Documents {
  readonly #store: Store;
  readonly #catalogue: Catalogue;

  constructor(store: Store, catalogue: Catalogue) {
    this.#store = store;
    this.#catalogue = catalogue;
  }

  /**
   * Stores a new document, `_id` first.
   *
   * @throws CommandError DuplicateKey, and then nothing is written
   */
  insert(ns: string, raw: Buffer): void {
    const id = idOf(raw);
    checkDocument(raw, id);
    const collection = this.#catalogue.getOrCreate(ns);
    const whole = encodeKey(id);
    const idKey = cutKey(whole, maxIdBytes);
    const key = documentKey(collection, idKey);
    const [idIndex] = collection.indexes;
    if (this.#store.get(key)) throw duplicateKey(collection, idIndex, [id]);
    this.#change(collection, idKey, undefined, raw);
    this.#store.put(key, raw);
    if (idKey !== whole && idIndex && !idIndex.hasCut)
      this.#catalogue.saveIndex(ns, { ...idIndex, hasCut: true });
  }

  /**
   * Puts another document in the place of one, under the same `_id`.
   *
   * @throws CommandError DuplicateKey, and then nothing is written
   */
  replace(ns: string, idKey: Buffer, old: Document, raw: Buffer): void {
    const collection = this.#catalogue.get(ns);
    checkDocument(raw, old._id);
    this.#change(collection, idKey, old, raw);
    this.#store.put(documentKey(collection, idKey), raw);
  }

  remove(ns: string, idKey: Buffer, old: Document): void {
    const collection = this.#catalogue.get(ns);
    this.#change(collection, idKey, old, undefined);
    this.#store.remove(documentKey(collection, idKey));
  }

  /** Adds the entries of a document that is there already to an index that is being built. */
  addToIndex(ns: string, indexName: string, idKey: Buffer, document: Document): void {
    const collection = this.#catalogue.get(ns);
    const indexes = collection.indexes.filter(({ name }) => name === indexName);
    this.#changeIndexes(collection, indexes, idKey, undefined, document);
  }

  #change(collection: Collection, idKey: Buffer, old: Document | undefined, raw?: Buffer): void {
    const indexes = collection.indexes.slice(1);
    if (indexes.length === 0) return;
    const next = raw && decode(raw);
    const touched =
      old && next ? indexes.filter((index) => !isUntouched(index, old, next)) : indexes;
    if (touched.length > 0) this.#changeIndexes(collection, touched, idKey, old, next);
  }

  // First every check, then every write: a refusal leaves all as it was.
  #changeIndexes(
    collection: Collection,
    indexes: readonly Index[],
    idKey: Buffer,
    old: Document | undefined,
    next: Document | undefined,
  ): void {
    const changes = indexes.map((index) => ({
      before: old && entriesOf(index, old, idKey),
      after: next && entriesOf(index, next, idKey),
      index,
    }));
    for (const { before, after: later, index } of changes) {
      if (!index.isUnique || !later) continue;
      for (const [name, { key, fieldsBytes, values }] of later.byKey)
        if (!before?.byKey.has(name) && this.#isTaken(key.subarray(0, fieldsBytes), idKey))
          throw duplicateKey(collection, index, values);
    }
    for (const { before, after: later, index } of changes) {
      for (const [name, { key }] of before?.byKey ?? [])
        if (!later?.byKey.has(name)) this.#store.remove(key);
      for (const [name, { key, value }] of later?.byKey ?? [])
        if (!before?.byKey.get(name)?.value.equals(value)) this.#store.put(key, value);
      if (later && later.index !== index) this.#catalogue.saveIndex(collection.ns, later.index);
    }
  }

  #isTaken(fields: Buffer, idKey: Buffer): boolean {
    for (const { key } of this.#store.entries({ from: fields, to: after(fields) }))
      if (!idKeyOfEntry(key).equals(idKey)) return true;
    return false;
  }
}

const checkDocument = (raw: Buffer, id: unknown) => {
  if (raw.length > maxDocumentBytes)
    throw new CommandError(
      'BSONObjectTooLarge',
      `object to insert too large. size in bytes: ${raw.length}, max size: ${maxDocumentBytes}`,
    );
  if (Array.isArray(id))
    throw new CommandError('BadValue', "The '_id' value cannot be of type array");
};

const duplicateKey = (
  collection: Collection,
  index: Index | undefined,
  values: readonly unknown[],
) => {
  const fields = index?.fields ?? [];
  const keyValue = Object.fromEntries(fields.map(([path], i) => [path, values[i] ?? null]));
  return new CommandError(
    'DuplicateKey',
    `E11000 duplicate key error collection: ${collection.ns} index: ${index?.name} dup key: ${shellText(keyValue)}`,
    { keyPattern: Object.fromEntries(fields), keyValue },
  );
};
