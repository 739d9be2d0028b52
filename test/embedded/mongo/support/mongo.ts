import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { type EmbeddedMongo, startMongo } from '../../../../src/embedded/mongo/start.js';

/** A server on a folder of its own, with a client; what a test file starts with. */
export type TestMongo = Readonly<{
  server: EmbeddedMongo;
  client: MongoClient;
  dataDir: string;
  /** One more client, closed together with the rest. */
  connect: (options?: MongoClientOptions) => Promise<MongoClient>;
  close: () => Promise<void>;
}>;

export const startTestMongo = async (): Promise<TestMongo> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-mongo-'));
  const server = await startMongo({ dataDir });
  const clients: MongoClient[] = [];
  const connect = async (options: MongoClientOptions = {}) => {
    const client = await new MongoClient(server.url, options).connect();
    clients.push(client);
    return client;
  };
  const client = await connect();
  const close = async () => {
    await Promise.all(clients.map((each) => each.close()));
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { server, client, dataDir, connect, close };
};
