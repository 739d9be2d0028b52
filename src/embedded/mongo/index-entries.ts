import type { Document } from 'bson';
import type { Index } from './catalogue.js';
import { extractKeys, isSameAt, type KeyTuple } from './index-keys.js';
import { collect, putByte, putRaw, putUnsigned32 } from './key-bytes.js';
import { cutKey, putKeys } from './key-encoding.js';
import { type FieldNames, fieldNames } from './raw.js';
import { scoreTerms } from './text.js';

// LMDB takes keys up to 1,978 bytes: 4 for the segment, these two, and 2 for the length.
const maxFieldsBytes = 1200;
const maxIdBytes = 600;
const segmentBytes = 4;

/** How many bytes the fields of an index entry may take before they are cut. */
export const keyLimit = ({ name }: Pick<Index, 'name'>): number =>
  name === '_id_' ? maxIdBytes : maxFieldsBytes;

/** An entry of an index. */
export type IndexEntry = Readonly<{
  /** `segment | fields | _id | length of the _id`. */
  key: Buffer;
  /** How long the key is without the `_id` at its end. */
  fieldsBytes: number;
  values: readonly unknown[];
  /** Whether the fields were too long for a key. */
  isCut: boolean;
}>;

/** The words of a document in a text index, with what each scores, under each of the values before the text. */
export type Words = Readonly<{
  tuples: readonly KeyTuple[];
  scores: ReadonlyMap<string, number>;
}>;

/** The entries of a document in an index, or its words, and the index, knowing of what is special about them. */
export type Indexed = Readonly<{ entries: readonly IndexEntry[]; words?: Words; index: Index }>;

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

const fieldsOf = new WeakMap<readonly Index[], FieldNames>();

/** The names of the fields that the entries in these indexes are made of. */
export const indexedFields = (indexes: readonly Index[]): FieldNames => {
  const known = fieldsOf.get(indexes);
  if (known) return known;
  const sources = indexes.flatMap((index) => layoutOf(index).sources);
  const fields = fieldNames([...new Set(sources.map(([name = '']) => name))]);
  fieldsOf.set(indexes, fields);
  return fields;
};

/** Whether an index has the same entries for what a document was and what it is now. */
export const isUntouched = (index: Index, old: Document, next: Document): boolean =>
  layoutOf(index).sources.every((parts) => isSameAt(old, next, parts));

const entryOf = (
  { segment }: Index,
  values: readonly unknown[],
  directions: readonly number[],
  idKey: Buffer,
): IndexEntry => {
  let fieldsBytes = 0;
  const key = collect(() => {
    putUnsigned32(segment);
    fieldsBytes = putKeys(values, directions);
    putRaw(idKey);
    putByte(idKey.length >> 8);
    putByte(idKey.length & 0xff);
  });
  if (fieldsBytes - segmentBytes <= maxFieldsBytes)
    return { key, fieldsBytes, values, isCut: false };
  const fields = cutKey(key.subarray(segmentBytes, fieldsBytes), maxFieldsBytes);
  const cut = Buffer.concat([key.subarray(0, segmentBytes), fields, key.subarray(fieldsBytes)]);
  return { key: cut, fieldsBytes: segmentBytes + fields.length, values, isCut: true };
};

/** The entries of a document in an index. Of values that an array has several times there are as many. */
export const entriesOf = (index: Index, document: Document, idKey: Buffer): Indexed => {
  const { paths, directions } = layoutOf(index);
  const { tuples, throughArray } = extractKeys(document, paths);
  const entries = index.text ? [] : tuples.map((tuple) => entryOf(index, tuple, directions, idKey));
  const known = widened(index, throughArray, entries);
  if (!index.text) return { entries, index: known };
  return {
    entries,
    words: { tuples, scores: scoreTerms(document, index.text.weights) },
    index: known,
  };
};

/** The index, knowing of what is special about some entries. */
const widened = (
  index: Index,
  throughArray: readonly boolean[],
  entries: readonly IndexEntry[],
): Index => {
  const isCut = !index.hasCut && entries.some((entry) => entry.isCut);
  const isWider = throughArray.some((isThrough, i) => isThrough && !index.isMultikey[i]);
  if (!isCut && !isWider) return index;
  const isMultikey = index.isMultikey.map((known, i) => known || (throughArray[i] ?? false));
  return { ...index, isMultikey, hasCut: index.hasCut || isCut };
};

const byKey = (entries: readonly IndexEntry[]) =>
  new Map(entries.map((entry) => [entry.key.toString('latin1'), entry]));

/** What is to be removed and what to be put for the entries that were to become those that are. */
export const differenceOf = (
  old: readonly IndexEntry[] = [],
  next: readonly IndexEntry[] = [],
): Readonly<{ gone: readonly IndexEntry[]; made: readonly IndexEntry[] }> => {
  if (old.length === 0 || next.length === 0) return { gone: old, made: next };
  const [before, later] = [byKey(old), byKey(next)];
  return {
    gone: [...before].flatMap(([name, entry]) => (later.has(name) ? [] : [entry])),
    made: [...later].flatMap(([name, entry]) => (before.has(name) ? [] : [entry])),
  };
};

/** The `_id` part of an index entry's key. */
export const idKeyOfEntry = (key: Buffer): Buffer =>
  key.subarray(key.length - 2 - key.readUInt16BE(key.length - 2), key.length - 2);
