import { createServer } from 'node:http';
import { pino } from 'pino';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { startFeed } from '../../../src/feed/feed.js';
import { attachFeed } from '../../../src/feed/websocket.js';
import { serveBench } from './served.js';

/** A server with nothing but the feed, over the store that the argument names. */
const [storeUrl = ''] = process.argv.slice(2);
const store = connectEventStore(storeUrl);
const feed = startFeed(store, pino({ level: 'warn' }, process.stderr));
const server = createServer();
// The clients of the bench count messages and answer none, pings included.
const options = { pingIntervalMs: 3_600_000 };
attachFeed(server, feed, async () => ({ userId: 'ann', admin: false }), options);
await feed.told;
serveBench(server);
