import {
  type AllStreamRecordedEvent,
  EventStoreDBClient,
  eventTypeFilter,
  START,
} from '@eventstore/db-client';
import { BSON, type Db, type IndexDescription } from 'mongodb';
import { indexesOf } from '../../mongo/indexes.js';

/** Writes something for events, of which so many came before. */
type Write = (events: readonly AllStreamRecordedEvent[], before: number) => Promise<unknown>;

/** A collection as it was found, to be written again. */
export type Copied = Readonly<{
  name: string;
  /** As BSON, which no garbage collector goes through. */
  documents: readonly Uint8Array[];
  indexes: readonly IndexDescription[];
}>;

/** As many as a batch of the read models has at most. */
const eventsAtOnce = 1_000;

/**
 * Has the client hand out every event there is, and what has come written while the next ones come.
 *
 * @param begin gives what writes; by default nothing is written
 * @returns how many events there are, and the milliseconds until all is written
 */
export const drain = async (
  url: string,
  begin: () => Promise<Write> = async () => async () => {},
): Promise<Readonly<{ ms: number; events: number }>> => {
  const client = EventStoreDBClient.connectionString(url);
  const start = performance.now();
  const write = await begin();
  const subscription = client.subscribeToAll({
    fromPosition: START,
    filter: eventTypeFilter({ regex: '^[^$]', checkpointInterval: 32 }),
  });
  let events = 0;
  let come: AllStreamRecordedEvent[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  const writeNext = async () => {
    await writing;
    if (come.length > 0) writing = write(come, events - come.length);
    come = [];
  };
  subscription.on('caughtUp', () => subscription.push('end'));
  for await (const item of subscription) {
    if ((item as unknown) === 'end') break;
    if (!item.event) continue;
    events += 1;
    come.push(item.event);
    if (come.length === eventsAtOnce) await writeNext();
  }
  await writeNext();
  await writing;
  const ms = performance.now() - start;
  await client.dispose();
  return { ms, events };
};

/** Writes one small document an event, with no index but that of `_id`. */
export const writeSmall = (db: Db) => async (): Promise<Write> => {
  const collection = db.collection<{ _id: number }>('small');
  return (events) =>
    collection.insertMany(
      events.map(({ streamId: stream, type, position: { commit } }) => {
        const position = Number(commit);
        return { _id: position, stream, type, position };
      }),
    );
};

/** The documents and indexes of all read models in a database. */
export const copyAll = async (db: Db): Promise<readonly Copied[]> => {
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  const models = found.filter(({ name }) => !name.startsWith('projection_'));
  return Promise.all(
    models.map(async ({ name }) => {
      const collection = db.collection(name);
      const found = await collection.find({}, { raw: true }).sort({ position: 1 }).toArray();
      // The driver's types call documents what `raw` gives as BSON.
      const documents = found as unknown as readonly Uint8Array[];
      return { name, documents, indexes: await indexesOf(collection) };
    }),
  );
};

/**
 * Writes copies of documents, each once, with the same indexes: for each batch of events as large a share of
 * every collection as the batch is of all events.
 */
export const writeCopies =
  (db: Db, copies: readonly Copied[], all: number) => async (): Promise<Write> => {
    const collections = copies.map(({ name, documents, indexes }) => ({
      ...{ collection: db.collection(name), documents, indexes },
    }));
    await Promise.all(
      collections.map(({ collection, indexes }) => collection.createIndexes([...indexes])),
    );
    return (events, before) =>
      Promise.all(
        collections.map(async ({ collection, documents }) => {
          const upTo = (count: number) => Math.floor((documents.length * count) / all);
          const share = documents.slice(upTo(before), upTo(before + events.length));
          const copies = share.map((document) => BSON.deserialize(document));
          if (copies.length > 0) await collection.insertMany(copies, { ordered: false });
        }),
      );
  };
