import { type Db, MongoClient } from 'mongodb';
import { asUnavailable } from '../projecting/unavailable.js';
import { endWritesWithTheirConnection } from './closed-connections.js';

/** A connection to the database of read models. */
export type Database = Readonly<{ db: Db; close(): Promise<void> }>;

/**
 * Connects to a MongoDB.
 *
 * @param url a connection string, `mongodb://…`
 * @throws DatabaseUnavailable when it does not answer within 10 s
 */
export const connectDatabase = async (url: string, name: string): Promise<Database> => {
  endWritesWithTheirConnection();
  const client = new MongoClient(url, {
    appName: 'forkline',
    serverSelectionTimeoutMS: 10_000,
    // A server that stands still, or a network that swallows everything, closes no connection: only the
    // driver's own question finds out, asked every so often and waited for so long. What is in flight
    // is given up then. By default that takes 40 s, and as long again if the question after a restart
    // is lost as well.
    heartbeatFrequencyMS: 2_000,
    connectTimeoutMS: 8_000,
    ignoreUndefined: true,
    // Of which fields the lists come as bytes: none. The driver's own empty object has what every object
    // inherits, so that a list that somebody named `toString` would come as bytes, and be stored so next.
    fieldsAsRaw: Object.create(null),
    // What was answered must not be taken back when a replica set changes its primary: read models
    // would lack it for good.
    writeConcern: { w: 'majority' },
  });
  await client.connect().catch((error: unknown) => {
    throw asUnavailable(error);
  });
  return { db: client.db(name), close: () => client.close() };
};
