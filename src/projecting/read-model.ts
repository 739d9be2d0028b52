import { type Collection, type Db, MongoBulkWriteError } from 'mongodb';
import { tombstoneType } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import {
  byKey,
  foldDocument,
  foldRows,
  type KeyedEvents,
  type Mark,
  type StoredDocument,
  type StoredRow,
} from './fold-batch.js';
import { historyIn, partsAtForks } from './history.js';
import type { AnyProjection, Projected } from './projection.js';

/** A projection's collection, as the runner uses it. */
export type ReadModel = Readonly<{
  projection: AnyProjection;
  /** Makes the collection and its indexes, if they are not there. */
  prepare(): Promise<void>;
  /**
   * Folds a batch of events, in the order of their positions, into the documents. Doing so again,
   * or with some of the events in already, or beside someone else who does the same, leads to the same documents.
   */
  apply(events: readonly Projected[]): Promise<void>;
}>;

/** The collection of a projection's documents. */
export const collectionName = ({ name, version }: Pick<AnyProjection, 'name' | 'version'>) =>
  `${name}_v${version}`;

/** @param name of the collection; that of the projection's version by default */
export const readModel = (
  db: Db,
  projection: AnyProjection,
  streams: Streams,
  name: string = collectionName(projection),
): ReadModel => {
  const collection = db.collection<StoredDocument>(name);
  const history = historyIn(db, projection, name, streams);
  return {
    projection,
    prepare: async () => {
      const indexes = projection.ranged
        ? [...projection.indexes, { key: { key: 1 as const, to: 1 as const } }]
        : projection.indexes;
      await collection.createIndexes(
        indexes.map(({ key, unique = false }) => ({ key: { ...key }, ...(unique && { unique }) })),
      );
      if (projection.inherits) await history.prepare();
    },
    apply: async (events) => {
      // What came before a stream's end need not be folded to be removed.
      const ended = new Map(
        events.filter(({ type }) => type === tombstoneType).map((e) => [e.stream, e.position]),
      );
      const lasting = events.filter(({ stream }) => !ended.has(stream));
      for (const part of projection.inherits ? partsAtForks(lasting) : [lasting]) {
        const keyed = byKey(projection, await Promise.all(part.map(history.withInherited)));
        if (keyed.size === 0) continue;
        await (projection.ranged
          ? applyRows(collection as unknown as Collection<StoredRow>, projection, keyed)
          : applyDocuments(collection, history.collection, projection, keyed));
      }
      for (const [stream, position] of ended)
        await Promise.all([
          collection.deleteMany({ stream, position: { $lt: position } }),
          projection.inherits && history.collection.deleteMany({ stream }),
        ]);
    },
  };
};

const applyDocuments = async (
  collection: Collection<StoredDocument>,
  history: Collection<Mark>,
  projection: AnyProjection,
  keyed: KeyedEvents,
): Promise<void> => {
  const stored = await collection.find({ _id: { $in: [...keyed.keys()] } }).toArray();
  const byId = new Map(stored.map((document) => [document._id, document]));
  const writes = [...keyed].flatMap(
    ([key, events]) => foldDocument(projection, key, events, byId.get(key)) ?? [],
  );
  // What a document was is kept before the document moves on: it cannot be told afterwards.
  await writeGuarded(
    history,
    writes.flatMap(({ marks }) => marks),
  );
  await writeGuarded(
    collection,
    writes.flatMap(({ document }) => document ?? []),
  );
  const removed = writes.filter(({ document }) => !document);
  for (const { _id, position } of removed)
    await collection.deleteOne({ _id, position: { $lt: position } });
};

const applyRows = async (
  collection: Collection<StoredRow>,
  projection: AnyProjection,
  keyed: KeyedEvents,
): Promise<void> => {
  const found = await collection
    .find({ key: { $in: [...keyed.keys()] }, to: null })
    .sort({ from: 1, _id: 1 })
    .toArray();
  const open = new Map<string, StoredRow[]>();
  for (const row of found) open.set(row.key, [...(open.get(row.key) ?? []), row]);
  const folded = [...keyed].map(([key, events]) =>
    foldRows(projection, key, events, open.get(key) ?? []),
  );
  await writeGuarded(
    collection,
    folded.flatMap(({ opened }) => opened),
  );
  await writeGuarded(
    collection,
    folded.flatMap(({ closed }) => closed),
  );
};

/** Documents a bulk write takes at once: below the driver's and every server's limits. */
const bulkSize = 500;

/** Writes documents where what is there is older. A newer one makes the upsert a duplicate key: it stays. */
const writeGuarded = async <Document extends StoredDocument>(
  collection: Collection<Document>,
  documents: readonly Document[],
): Promise<void> => {
  for (let start = 0; start < documents.length; start += bulkSize) {
    const operations = documents.slice(start, start + bulkSize).map((document) => ({
      replaceOne: {
        filter: { _id: document._id, position: { $lt: document.position } },
        replacement: document,
        upsert: true,
      },
    }));
    try {
      // The driver's types cannot tell that _id and position are fields of a generic document.
      await collection.bulkWrite(operations as never[], { ordered: false });
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
    }
  }
};

const duplicateKey = 11000;

const isOnlyDuplicates = (error: unknown): boolean =>
  error instanceof MongoBulkWriteError &&
  [error.writeErrors].flat().every(({ code }) => code === duplicateKey);
