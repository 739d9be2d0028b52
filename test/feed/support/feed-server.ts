import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Caller } from '../../../src/commands/request.js';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../../src/eventstore/event-store.js';
import { type Feed, type FeedOptions, startFeed } from '../../../src/feed/feed.js';
import { type SseOptions, serveFeedEvents } from '../../../src/feed/sse.js';
import { attachFeed, type WebSocketOptions } from '../../../src/feed/websocket.js';
import { FeedClient } from './feed-client.js';

export type ServerOptions = Readonly<{
  feed?: FeedOptions;
  webSocket?: WebSocketOptions;
  sse?: SseOptions;
  identify?: (request: IncomingMessage) => Promise<Caller | undefined>;
}>;

/** An event store, and a server with nothing but the feed. */
export type FeedServer = Readonly<{
  store: EventStore;
  /** The connection string of the store. */
  eventStoreUrl: string;
  feed: Feed;
  http: Server;
  port: number;
  /** The messages of its log. */
  logged: readonly string[];
  connect(user: string): Promise<FeedClient>;
  /** Stops the store and starts it again on the same folder and port. */
  stopStore(): Promise<void>;
  startStore(): Promise<void>;
  stop(): Promise<void>;
}>;

/** The user is the header X-User-Id, or the token; nobody is turned down unless they are `nobody`. */
export const identifyByName = async ({ headers }: IncomingMessage): Promise<Caller | undefined> => {
  const named = headers['x-user-id'] ?? headers.authorization?.replace('Bearer ', '') ?? 'local';
  const userId = String(named);
  return userId === 'nobody' ? undefined : { userId, admin: userId === 'admin' };
};

export const startFeedServer = async (options: ServerOptions = {}): Promise<FeedServer> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-feed-'));
  let eventStore = await startEventStore({ dataDir });
  const store = connectEventStore(eventStore.url);
  const { identify = identifyByName } = options;
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => logged.push(JSON.parse(line).msg) });
  const feed = startFeed(store, log, options.feed);
  const http = createServer(async (request, response) => {
    if (request.url?.startsWith('/v1/feed/sse')) {
      const caller = (await identify(request))!;
      serveFeedEvents(request, response, caller, feed, options.sse);
      return;
    }
    // Echoes, for tests about requests that are not the feed's.
    response.setHeader('X-Method', request.method ?? '');
    request.pipe(response);
  });
  attachFeed(http, feed, identify, options.webSocket);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;

  return {
    ...{ store, eventStoreUrl: eventStore.url, feed, http, port, logged },
    connect: (user) => FeedClient.connect(port, user),
    stopStore: () => eventStore.stop(),
    startStore: async () => {
      eventStore = await startEventStore({ dataDir, port: eventStore.port });
    },
    stop: async () => {
      await feed.stop();
      http.closeAllConnections();
      http.close();
      await eventStore.stop();
      void store.close();
      await rm(dataDir, { recursive: true });
    },
  };
};
