import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';

/** An event store for one test file: the one that EVENTSTORE_URL names, an embedded one otherwise. */
export type TestStore = Readonly<{
  url: string;
  store: EventStore;
  /** Closes the connection, and ends and removes the embedded server. */
  stop(): Promise<void>;
}>;

export const openStore = async (): Promise<TestStore> => {
  const url = process.env.EVENTSTORE_URL;
  if (!url) return openEmbeddedStore();
  const store = connectEventStore(url);
  return { url, store, stop: () => store.close() };
};

/** An embedded store, for tests that stop and start it. */
export type EmbeddedTestStore = TestStore &
  Readonly<{
    /** Stops the server and leaves its data. */
    stopServer(): Promise<void>;
    /** Starts the server again on the same port and data. */
    startServer(): Promise<void>;
  }>;

export const openEmbeddedStore = async (): Promise<EmbeddedTestStore> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-test-'));
  let server = await startEventStore({ dataDir });
  const { url, port } = server;
  const store = connectEventStore(url);
  return {
    url,
    store,
    stopServer: () => server.stop(),
    startServer: async () => {
      server = await startEventStore({ dataDir, port });
    },
    stop: async () => {
      await store.close();
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
};
