import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import type { Db } from 'mongodb';
import { type EventStoreThread, startEventStore } from '../../../src/embedded/eventstore/start.js';
import { type EmbeddedMongo, startMongo } from '../../../src/embedded/mongo/start.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { type EventStore, tombstoneType } from '../../../src/eventstore/event-store.js';
import { type Streams, withLineage } from '../../../src/eventstore/lineage.js';
import { connectDatabase } from '../../../src/queries/database.js';

const backwards = { direction: BACKWARDS, fromPosition: END, maxCount: 1_000 } as const;

/** The program's own clients of stores. */
export type StoreClients = Readonly<{
  store: EventStore;
  streams: Streams;
  /** The database that {@link StoreClients.database} gives for the name `forkline`. */
  db: Db;
  /** One more database of the same server, over the same connection. */
  database(name: string): Db;
  /** Position of the newest event that read models are made from; -1 when there is none. */
  newest(): Promise<number>;
  /** Ends the clients. */
  close(): Promise<void>;
}>;

/** Both embedded servers on a folder of their own, and the program's own clients of them. */
export type TestStores = StoreClients &
  Readonly<{
    eventStoreUrl: string;
    mongoUrl: string;
    stopEventStore(): Promise<void>;
    /** Starts it again on the same port and folder. */
    startEventStore(): Promise<void>;
    stopMongo(): Promise<void>;
    startMongo(): Promise<void>;
    /** Ends the clients and the servers, and removes their folder. */
    close(): Promise<void>;
  }>;

export const connectStores = async (
  eventStoreUrl: string,
  mongoUrl: string,
): Promise<StoreClients> => {
  const store = connectEventStore(eventStoreUrl);
  const { db, close } = await connectDatabase(mongoUrl, 'forkline');
  return {
    ...{ store, streams: withLineage(store), db },
    database: (name) => db.client.db(name),
    newest: async () => {
      const client = EventStoreDBClient.connectionString(eventStoreUrl);
      let newest = -1;
      // The store's own events lie between those of users.
      for await (const { event } of client.readAll(backwards))
        if (newest < 0 && event && (!event.type.startsWith('$') || event.type === tombstoneType))
          newest = Number(event.position.commit);
      await client.dispose();
      return newest;
    },
    close: async () => {
      await store.close();
      await close();
    },
  };
};

export const startTestStores = async (): Promise<TestStores> => {
  const folder = await mkdtemp(join(tmpdir(), 'forkline-projecting-'));
  const eventStoreDir = join(folder, 'eventstore');
  const mongoDir = join(folder, 'mongodb');
  let eventStore: EventStoreThread = await startEventStore({ dataDir: eventStoreDir });
  let mongo: EmbeddedMongo = await startMongo({ dataDir: mongoDir });
  const clients = await connectStores(eventStore.url, mongo.url);
  return {
    ...clients,
    eventStoreUrl: eventStore.url,
    mongoUrl: mongo.url,
    stopEventStore: () => eventStore.stop(),
    startEventStore: async () => {
      eventStore = await startEventStore({ dataDir: eventStoreDir, port: eventStore.port });
    },
    stopMongo: () => mongo.stop(),
    startMongo: async () => {
      mongo = await startMongo({ dataDir: mongoDir, port: mongo.port });
    },
    close: async () => {
      await clients.close();
      await eventStore.stop();
      await mongo.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
