import { after } from '../packing/after.js';
import type { Entry } from '../packing/block.js';
import { type Collection, type Index, segmentPrefix, segmentRange } from './catalogue.js';
import { idKeyOfEntry, keyLimit, type Words } from './index-entries.js';
import { collect, putByte, putRaw } from './key-bytes.js';
import { cutKey, encodeKey, encodeKeys } from './key-encoding.js';
import type { Store } from './store.js';

// The documents that have a word stand in the order of their `_id`s, several under one key, which has
// the first one's `_id`. The value is what the first one scores, and for each other one the length
// of its `_id`, that, and what it scores.

/** A document that has a word, and what it scores for it. */
export type Posting = Readonly<{ idKey: Buffer; score: number }>;

/** Without a score the document does not have the word any more. */
type Change = Readonly<{ idKey: Buffer; score: number | undefined }>;

type Group = Readonly<{ prefix: Buffer; byTerm: Map<string, Change[]> }>;

/** What changed in an index. */
type Changes = {
  readonly index: Index;
  readonly groups: Map<string, Group>;
  /** The last `_id` that had a document before, or has been added since. */
  last: Buffer;
  /** Whether each change was a document behind all others. */
  isGrowing: boolean;
};

const scoreBytes = 8;
const lengthBytes = 2;

/** So long may a value be: a few to a page of LMDB, and quick to write anew. */
const mostValueBytes = 1024;

/**
 * What an entry of a text index says. Entries of earlier versions, which have one document each, are
 * read alike.
 */
export const postingsOf = ({ key, value }: Entry): readonly Posting[] => {
  const postings = [{ idKey: idKeyOfEntry(key), score: value.readDoubleLE() }];
  for (let at = scoreBytes; at < value.length; ) {
    const start = at + lengthBytes;
    const end = start + value.readUInt16BE(at);
    postings.push({ idKey: value.subarray(start, end), score: value.readDoubleLE(end) });
    at = end + scoreBytes;
  }
  return postings;
};

/** What the keys of a word begin with. */
export const wordPrefix = (index: Index, prefix: Buffer, term: string): Buffer => {
  const fields = cutKey(Buffer.concat([prefix, encodeKey(term)]), keyLimit(index));
  return Buffer.concat([segmentPrefix(index.segment), fields]);
};

/**
 * The words of text indexes. Within a transaction they are gathered, and written by
 * {@link Postings.settle}: of a word that a hundred new documents have, a few entries.
 */
export class Postings {
  readonly #store: Store;
  #changed = new Map<number, Changes>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Before the document itself is stored. */
  add(collection: Collection, index: Index, idKey: Buffer, words: Words): void {
    const changes = this.#changesOf(collection, index);
    if (Buffer.compare(idKey, changes.last) > 0) changes.last = idKey;
    else changes.isGrowing = false;
    for (const { byTerm } of groupsOf(changes, words))
      for (const [term, score] of words.scores) note(byTerm, term, { idKey, score });
  }

  /** Before the document itself is removed or replaced. */
  remove(collection: Collection, index: Index, idKey: Buffer, words: Words): void {
    const changes = this.#changesOf(collection, index);
    changes.isGrowing = false;
    for (const { byTerm } of groupsOf(changes, words))
      for (const term of words.scores.keys()) note(byTerm, term, { idKey, score: undefined });
  }

  /** Writes what has changed so far. Only inside {@link Store.write}, at its end at the latest. */
  settle(): void {
    if (this.#changed.size === 0) return;
    const changed = this.#changed;
    this.#changed = new Map();
    for (const { index, groups, isGrowing } of changed.values())
      for (const { prefix, byTerm } of groups.values())
        for (const [term, changes] of byTerm) {
          const word = wordPrefix(index, prefix, term);
          if (isGrowing) this.#put(entriesOf(word, changes.filter(isThere)));
          else this.#merge(word, latest(changes));
        }
  }

  /** Gives up what has changed, with the transaction. */
  forget(): void {
    this.#changed = new Map();
  }

  #changesOf({ segment }: Collection, index: Index): Changes {
    const known = this.#changed.get(index.segment);
    if (known) return known;
    const changes = {
      index,
      groups: new Map(),
      last: this.#lastIn(segment),
      isGrowing: true,
    };
    this.#changed.set(index.segment, changes);
    return changes;
  }

  /** The last `_id` of a collection; no index has one behind it. */
  #lastIn(segment: number): Buffer {
    const entry = this.#store.first({ ...segmentRange(segment), isReverse: true });
    return entry ? entry.key.subarray(segmentPrefix(segment).length) : Buffer.alloc(0);
  }

  #put(entries: readonly Entry[]): void {
    for (const { key, value } of entries) this.#store.put(key, value);
  }

  /** Changes entries of a word, so that they stay in order among themselves as well. */
  #merge(word: Buffer, changes: readonly Change[]): void {
    const end = after(word);
    for (let at = 0; at < changes.length; ) {
      const start = at;
      const behind = Buffer.concat([entryKey(word, changes[at]?.idKey ?? word), Buffer.alloc(1)]);
      const before = this.#store.first({ from: word, to: behind, isReverse: true });
      const postings = before ? postingsOf(before) : [];
      const last = postings.at(-1)?.idKey;
      while (at < changes.length && last && !isBefore(last, changes[at]?.idKey)) at++;
      if (before && at > start) {
        this.#replace(before, entriesOf(word, amended(postings, changes.slice(start, at))));
        continue;
      }
      // Between two entries. What is to be removed there was none of.
      const next = this.#store.first({ from: behind, to: end });
      const nextId = next && idKeyOfEntry(next.key);
      while (at < changes.length && (!nextId || isBefore(changes[at]?.idKey, nextId))) at++;
      this.#put(entriesOf(word, changes.slice(start, at).filter(isThere)));
    }
  }

  #replace(old: Entry, entries: readonly Entry[]): void {
    const [first] = entries;
    if (!first?.key.equals(old.key)) this.#store.remove(old.key);
    else if (entries.length === 1 && first.value.equals(old.value)) return;
    this.#put(entries);
  }
}

/** Each once, also where an array has a value several times. */
const groupsOf = ({ index, groups }: Changes, { tuples }: Words): Iterable<Group> => {
  const directions = index.fields.map(([, direction]) => direction);
  const found = tuples.map((tuple) => {
    const prefix = encodeKeys(tuple, directions);
    const name = prefix.toString('latin1');
    const known = groups.get(name) ?? { prefix, byTerm: new Map() };
    groups.set(name, known);
    return known;
  });
  return new Set(found);
};

const note = (byTerm: Map<string, Change[]>, term: string, change: Change): void => {
  const changes = byTerm.get(term);
  if (changes) changes.push(change);
  else byTerm.set(term, [change]);
};

const isThere = (change: Change): change is Posting => change.score !== undefined;

const isBefore = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) < 0;

/** The last change of each document, in order. */
const latest = (changes: readonly Change[]): readonly Change[] => {
  const inOrder = changes.toSorted((a, b) => Buffer.compare(a.idKey, b.idKey));
  return inOrder.filter(({ idKey }, n) => !inOrder[n + 1]?.idKey.equals(idKey));
};

/** What becomes of postings by changes; both in order. */
const amended = (postings: readonly Posting[], changes: readonly Change[]): readonly Posting[] => {
  const left: Posting[] = [];
  let at = 0;
  for (const change of changes) {
    let posting = postings[at];
    for (; posting && isBefore(posting.idKey, change.idKey); posting = postings[++at])
      left.push(posting);
    if (posting?.idKey.equals(change.idKey)) at++;
    if (isThere(change)) left.push(change);
  }
  return left.concat(postings.slice(at));
};

const entryKey = (word: Buffer, idKey: Buffer): Buffer =>
  collect(() => {
    putRaw(word);
    putRaw(idKey);
    putByte(idKey.length >> 8);
    putByte(idKey.length & 0xff);
  });

/** The entries for postings in order. */
const entriesOf = (word: Buffer, postings: readonly Posting[]): readonly Entry[] => {
  const entries: Entry[] = [];
  for (let at = 0; at < postings.length; ) {
    const [start, first] = [at++, postings[at - 1]];
    let bytes = scoreBytes;
    for (; at < postings.length; at++) {
      const more = lengthBytes + (postings[at]?.idKey.length ?? 0) + scoreBytes;
      if (bytes + more > mostValueBytes) break;
      bytes += more;
    }
    if (first)
      entries.push({
        key: entryKey(word, first.idKey),
        value: bytesOf(postings.slice(start, at), bytes),
      });
  }
  return entries;
};

const bytesOf = ([first, ...others]: readonly Posting[], bytes: number): Buffer => {
  const value = Buffer.allocUnsafe(bytes);
  let at = value.writeDoubleLE(first?.score ?? 0);
  for (const { idKey, score } of others) {
    at = value.writeUInt16BE(idKey.length, at);
    at += idKey.copy(value, at);
    at = value.writeDoubleLE(score, at);
  }
  return value;
};
