import { loopback, type ServerThread, startServerThread } from '../server-thread.js';

/** Where the data is, and where to listen. */
export type MongoOptions = Readonly<{
  /** The folder for the data; created if need be, one process at a time. */
  dataDir: string;
  /** The TCP port on loopback; 0, the default, takes a free one. */
  port?: number;
}>;

/** The embedded MongoDB, running. */
export type EmbeddedMongo = ServerThread & Readonly<{ url: string }>;

/**
 * Starts the server in its own worker thread.
 *
 * @returns the server with the connection string that reaches it
 * @throws FolderInUse when another process, or another server of this one, holds the folder
 */
export const startMongo = async (options: MongoOptions): Promise<EmbeddedMongo> => {
  const thread = await startServerThread(new URL('./worker.js', import.meta.url), options);
  return { ...thread, url: `mongodb://${loopback}:${thread.port}/?directConnection=true` };
};
