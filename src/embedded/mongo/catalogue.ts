import { type Document, UUID } from 'bson';
import { after } from '../packing/after.js';
import { CommandError } from './errors.js';
import { decode, encode } from './raw.js';
import type { Store } from './store.js';

// Every collection and every index owns a segment: the keys that begin with its number. A drop
// takes a segment out of the catalogue at once and leaves its keys to be removed little by little;
// a rename changes one record.

/** How a text index weighs and reads documents. */
export type TextSpec = Readonly<{ weights: Readonly<Record<string, number>> }>;

/** An index. Its entries are `segment | fields | _id | length of the _id`. */
export type Index = Readonly<{
  name: string;
  segment: number;
  /** Path and direction; for a text index the fields that come before the text. */
  fields: readonly (readonly [path: string, direction: 1 | -1])[];
  isUnique: boolean;
  /** As the client gave it, for listIndexes. */
  spec: Document;
  /** Which fields were an array, or inside one, in any document so far. */
  isMultikey: readonly boolean[];
  /** Whether any entry was too long and was cut, so that order within is not to be relied on. */
  hasCut: boolean;
  /** Kept up to date, not complete yet. */
  isBuilding: boolean;
  text?: TextSpec;
}>;

/** A collection. Its documents are `segment | _id`. */
export type Collection = Readonly<{
  ns: string;
  segment: number;
  uuid: string;
  /** The first one is `_id_`, whose entries are the documents themselves. */
  indexes: readonly Index[];
}>;

const own = (rest: string): Buffer => Buffer.from(`\0\0\0\0${rest}`, 'utf8');
const nextSegmentKey = own('next');
const collectionKey = (ns: string) => own(`collection ${ns}`);
// Where a version that knows no blocks looks for collections: it fails to read this one, and so
// refuses a store of which it would see only a part.
const formatKey = own('collection ');
const purgeKey = (segment: number) => own(`purge ${segment}`);
const withPrefix = (rest: string) => ({ from: own(rest), to: after(own(rest)) });

/**
 * How the store is written: 2 since entries are packed into blocks, 3 since an entry of a text index may
 * have several documents. There was no mark before.
 */
const currentFormat = 3;

/** The first bytes of every key in a segment. */
export const segmentPrefix = (segment: number): Buffer => {
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(segment);
  return prefix;
};

/** All keys of a segment. */
export const segmentRange = (segment: number) => ({
  from: segmentPrefix(segment),
  to: segmentPrefix(segment + 1),
});

/** Database and collection name of a namespace. */
export const splitNamespace = (ns: string): readonly [db: string, collection: string] => {
  const dot = ns.indexOf('.');
  return [ns.slice(0, dot), ns.slice(dot + 1)];
};

const checkName = (ns: string) => {
  const [db, name] = splitNamespace(ns);
  const isBad =
    !db ||
    !name ||
    /[/\\. "$\0]/.test(db) ||
    /[$\0]/.test(name) ||
    ns.length > 255 ||
    /^\.|\.$/.test(name);
  if (isBad) throw new CommandError('InvalidNamespace', `Invalid namespace specified '${ns}'`);
};

/** @throws when this version does not know it */
const formatOf = (mark: Buffer | undefined): number => {
  const format = mark ? decode(mark).format : 1;
  if (format > currentFormat)
    throw new Error(`the store was written by a newer version, in format ${format}`);
  return format;
};

/** What there is: collections and their indexes, in memory and in the store. */
export class Catalogue {
  readonly #store: Store;
  // Replaced with every change, never changed itself, so that a reference to it is a snapshot.
  #collections: ReadonlyMap<string, Collection> = new Map();

  constructor(store: Store) {
    this.#store = store;
    this.reload();
  }

  /** Reads everything again, after a commit that failed. */
  reload(): void {
    formatOf(this.#store.get(formatKey));
    const stored = Array.from(this.#store.entries(withPrefix('collection ')))
      .filter(({ key }) => !key.equals(formatKey))
      .map(({ value }) => decode(value) as Collection);
    this.#collections = new Map(stored.map((each) => [each.ns, each]));
  }

  /** Takes note of how all is now. The returned function puts it back, for a write that is given up. */
  remember(): () => void {
    const before = this.#collections;
    return () => {
      this.#collections = before;
    };
  }

  /** Whether this collection is still there, under whatever name. */
  holds({ segment }: Collection): boolean {
    return this.list().some((each) => each.segment === segment);
  }

  find(ns: string): Collection | undefined {
    return this.#collections.get(ns);
  }

  /** @throws CommandError NamespaceNotFound */
  get(ns: string): Collection {
    const collection = this.find(ns);
    if (!collection) throw new CommandError('NamespaceNotFound', `ns does not exist: ${ns}`);
    return collection;
  }

  /** The collections of a database, or all, by name. */
  list(db?: string): Collection[] {
    return [...this.#collections.values()]
      .filter(({ ns }) => db === undefined || ns.startsWith(`${db}.`))
      .sort((a, b) => (a.ns < b.ns ? -1 : 1));
  }

  // All that follow write, so they belong inside Store.write.

  /** Says which format the store is of, so that older versions leave it alone. */
  mark(): void {
    if (formatOf(this.#store.get(formatKey)) === currentFormat) return;
    this.#store.put(formatKey, encode({ format: currentFormat }));
  }

  create(ns: string): Collection {
    checkName(ns);
    const segment = this.newSegment();
    const id: Index = {
      name: '_id_',
      segment,
      fields: [['_id', 1]],
      isUnique: true,
      spec: { v: 2, key: { _id: 1 }, name: '_id_' },
      isMultikey: [false],
      hasCut: false,
      isBuilding: false,
    };
    return this.save({ ns, segment, uuid: new UUID().toHexString(), indexes: [id] });
  }

  getOrCreate(ns: string): Collection {
    return this.find(ns) ?? this.create(ns);
  }

  save(collection: Collection): Collection {
    this.#store.put(collectionKey(collection.ns), encode(collection));
    this.#collections = new Map(this.#collections).set(collection.ns, collection);
    return collection;
  }

  saveIndex(ns: string, index: Index): Collection {
    const collection = this.get(ns);
    const others = collection.indexes.some(({ name }) => name === index.name)
      ? collection.indexes.map((each) => (each.name === index.name ? index : each))
      : [...collection.indexes, index];
    return this.save({ ...collection, indexes: others });
  }

  dropIndex(ns: string, index: Index): void {
    const collection = this.get(ns);
    this.#leave(index.segment);
    this.save({
      ...collection,
      indexes: collection.indexes.filter(({ name }) => name !== index.name),
    });
  }

  drop(ns: string): void {
    for (const { segment } of this.get(ns).indexes) this.#leave(segment);
    this.#forget(ns);
  }

  /** @throws CommandError NamespaceExists unless the target may be dropped */
  rename(ns: string, target: string, mayDropTarget: boolean): void {
    checkName(target);
    const collection = this.get(ns);
    if (ns === target)
      throw new CommandError('IllegalOperation', "Can't rename a collection to itself");
    if (collection.indexes.some(({ isBuilding }) => isBuilding))
      throw new CommandError(
        'BackgroundOperationInProgressForNamespace',
        `cannot rename ${ns} while an index of it is being built`,
      );
    if (this.find(target)) {
      if (!mayDropTarget) throw new CommandError('NamespaceExists', 'target namespace exists');
      this.drop(target);
    }
    this.#forget(ns);
    this.save({ ...collection, ns: target });
  }

  newSegment(): number {
    const stored = this.#store.get(nextSegmentKey);
    const segment = stored ? stored.readUInt32BE() : 1;
    this.#store.put(nextSegmentKey, segmentPrefix(segment + 1));
    return segment;
  }

  /** Segments that were dropped and still have keys. */
  leftSegments(): number[] {
    return Array.from(this.#store.entries(withPrefix('purge ')), ({ value }) =>
      value.readUInt32BE(),
    );
  }

  /** Removes some keys of a dropped segment, and with the last one what was known of it. */
  purgeSome(segment: number, count: number): void {
    if (!this.#store.removeSome(segmentRange(segment), count)) return;
    this.#store.remove(purgeKey(segment));
  }

  #leave(segment: number): void {
    this.#store.put(purgeKey(segment), segmentPrefix(segment));
  }

  #forget(ns: string): void {
    this.#store.remove(collectionKey(ns));
    this.#collections = new Map([...this.#collections].filter(([each]) => each !== ns));
  }
}
