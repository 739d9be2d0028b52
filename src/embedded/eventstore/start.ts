import { loopback, type ServerThread, startServerThread } from '../server-thread.js';
import type { EventStoreOptions } from './options.js';

export type { EventStoreOptions } from './options.js';

/** A running embedded EventStoreDB. */
export type EventStoreThread = ServerThread &
  Readonly<{
    /** What `EventStoreDBClient.connectionString` takes. */
    url: string;
  }>;

/**
 * Starts an EventStoreDB server of one node in a worker thread, on loopback and without TLS.
 *
 * @throws FolderInUse when another server has the folder
 */
export const startEventStore = async (options: EventStoreOptions): Promise<EventStoreThread> => {
  const thread = await startServerThread(new URL('./worker.js', import.meta.url), options);
  return { ...thread, url: `esdb://${loopback}:${thread.port}?tls=false` };
};
