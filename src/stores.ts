import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startEventStore } from './embedded/eventstore/start.js';
import { startMongo } from './embedded/mongo/start.js';
import type { ServerThread } from './embedded/server-thread.js';
import { type EventStore, StoreUnavailable } from './eventstore/event-store.js';

/** Where the stores are. */
export type Stores = Readonly<{
  eventStoreUrl: string;
  mongoUrl: string;
  /** Settles when an embedded server ends without being asked to. */
  failed: Promise<Error>;
  stop(): Promise<void>;
}>;

type Wanted = Readonly<{ dataDir: string; eventStoreUrl?: string; mongoUrl?: string }>;

/**
 * Starts an embedded server for each store that has no URL.
 *
 * @throws FolderInUse when another process holds the data folder
 */
export const openStores = async ({ dataDir, ...urls }: Wanted): Promise<Stores> => {
  const embedded: ServerThread[] = [];
  const stop = async () => {
    for (const server of [...embedded].reverse()) await server.stop();
  };
  const open = async <Server extends ServerThread & { url: string }>(
    url: string | undefined,
    start: () => Promise<Server>,
  ): Promise<string> => {
    if (url !== undefined) return url;
    const server = await start();
    embedded.push(server);
    return server.url;
  };
  try {
    const eventStoreUrl = await open(urls.eventStoreUrl, () =>
      startEventStore({ dataDir: join(dataDir, 'eventstore') }),
    );
    const mongoUrl = await open(urls.mongoUrl, () =>
      startMongo({ dataDir: join(dataDir, 'mongodb') }),
    );
    return { eventStoreUrl, mongoUrl, failed: firstFailure(embedded), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const firstFailure = async (servers: readonly ServerThread[]): Promise<Error> => {
  const ended = servers.map(async ({ exited }) => {
    const error = await exited;
    return error ?? new Promise<Error>(() => {});
  });
  return Promise.race([...ended, new Promise<Error>(() => {})]);
};

/**
 * Waits until an event store answers, which may be starting as well.
 *
 * @throws StoreUnavailable when it does not within 10 s
 */
export const untilReached = async (store: EventStore): Promise<void> => {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      await store.head();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > until) throw error;
      await delay(500);
    }
  }
};
