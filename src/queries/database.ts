import {
  type Db,
  MongoClient,
  MongoError,
  MongoNetworkError,
  MongoServerSelectionError,
} from 'mongodb';

/** The database does not answer. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** A connection to the database of read models. */
export type Database = Readonly<{ db: Db; close(): Promise<void> }>;

/**
 * Connects to a MongoDB.
 *
 * @param url a connection string, `mongodb://…`
 * @throws DatabaseUnavailable when it does not answer within 10 s
 */
export const connectDatabase = async (url: string, name: string): Promise<Database> => {
  const client = new MongoClient(url, {
    appName: 'forkline',
    serverSelectionTimeoutMS: 10_000,
    ignoreUndefined: true,
    // What was answered must not be taken back when a replica set changes its primary: read models
    // would lack it for good.
    writeConcern: { w: 'majority' },
  });
  await client.connect().catch((error: unknown) => {
    throw asUnavailable(error);
  });
  return { db: client.db(name), close: () => client.close() };
};

/** A driver's error as DatabaseUnavailable when it says that the database cannot be reached, else as it is. */
export const asUnavailable = (error: unknown): unknown =>
  error instanceof MongoServerSelectionError ||
  error instanceof MongoNetworkError ||
  (error instanceof MongoError && error.hasErrorLabel('RetryableError'))
    ? new DatabaseUnavailable('the database of read models does not answer')
    : error;
