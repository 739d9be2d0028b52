import type { Document } from 'bson';
import { after } from '../packing/after.js';
import type { Catalogue, Collection, Index } from './catalogue.js';
import { segmentPrefix } from './catalogue.js';
import { CommandError } from './errors.js';
import {
  differenceOf,
  entriesOf,
  idKeyOfEntry,
  indexedFields,
  isUntouched,
  keyLimit,
} from './index-entries.js';
import { cutKey, encodeKey } from './key-encoding.js';
import { Postings } from './postings.js';
import { decodeFields, idOf, maxDocumentBytes } from './raw.js';
import { shellText } from './shell-text.js';
import type { Store } from './store.js';

const maxIdBytes = keyLimit({ name: '_id_' });

/** The key of an `_id` within its collection. */
export const idKeyOf = (id: unknown): Buffer => cutKey(encodeKey(id), maxIdBytes);

/** The key of a document in the store. */
export const documentKey = (collection: Collection, idKey: Buffer): Buffer =>
  Buffer.concat([segmentPrefix(collection.segment), idKey]);

const nothing = Buffer.alloc(0);

/** Documents with their index entries. Everything here runs inside {@link Store.write}. */
export class Documents {
  readonly #store: Store;
  readonly #catalogue: Catalogue;
  /** The words of texts: written together, when the transaction ends, or one of them is searched for. */
  readonly postings: Postings;

  constructor(store: Store, catalogue: Catalogue) {
    this.#store = store;
    this.#catalogue = catalogue;
    this.postings = new Postings(store);
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
    // Of the rest of a document, which may be long, nothing has to be decoded.
    const next = raw && decodeFields(raw, indexedFields(collection.indexes));
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
    const changes = indexes.map((index) => {
      const before = old && entriesOf(index, old, idKey);
      const later = next && entriesOf(index, next, idKey);
      return { index, before, later, difference: differenceOf(before?.entries, later?.entries) };
    });
    for (const { index, difference } of changes) {
      if (!index.isUnique) continue;
      for (const { key, fieldsBytes, values } of difference.made)
        if (this.#isTaken(key.subarray(0, fieldsBytes), idKey))
          throw duplicateKey(collection, index, values);
    }
    for (const { index, before, later, difference } of changes) {
      for (const { key } of difference.gone) this.#store.remove(key);
      for (const { key } of difference.made) this.#store.put(key, nothing);
      if (before?.words) this.postings.remove(collection, index, idKey, before.words);
      if (later?.words) this.postings.add(collection, index, idKey, later.words);
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
