import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import {
  type EventStoreOptions,
  type EventStoreThread,
  startEventStore,
} from '../../../../src/embedded/eventstore/start.js';

/** A server in a folder of its own, and a client of it. */
export type TestServer = {
  readonly dataDir: string;
  server: EventStoreThread;
  client: EventStoreDBClient;
  /** Stops the server and starts it again on the same folder and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export const startTestServer = async (
  options: Omit<EventStoreOptions, 'dataDir'> = {},
): Promise<TestServer> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-eventstore-'));
  const server = await startEventStore({ ...options, dataDir });
  const test: TestServer = {
    dataDir,
    server,
    client: EventStoreDBClient.connectionString(server.url),
    restart: async () => {
      const { port } = test.server;
      await test.server.stop();
      test.server = await startEventStore({ ...options, dataDir, port });
    },
    stop: async () => {
      await test.client.dispose();
      await test.server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
  return test;
};
