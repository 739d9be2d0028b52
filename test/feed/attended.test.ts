import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type EventStoreThread, startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { type Feed, startFeed } from '../../src/feed/feed.js';
import type { Start } from '../../src/feed/filter.js';
import { freshStream, upTo, write } from './support/events.js';
import { eventually } from './support/waiting.js';

let dataDir: string;
let eventStore: EventStoreThread;
let store: EventStore;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-feed-'));
  eventStore = await startEventStore({ dataDir });
  store = connectEventStore(eventStore.url);
});
afterAll(async () => {
  await eventStore.stop();
  void store.close();
  await rm(dataDir, { recursive: true });
});

/** A feed, and how often it began to read the store. */
const feedOf = (lingerMs?: number) => {
  let reads = 0;
  const counted: EventStore = {
    ...store,
    subscribe: (after) => {
      reads += 1;
      return store.subscribe(after);
    },
  };
  const feed = startFeed(counted, pino({ level: 'silent' }), {
    ...(lingerMs !== undefined && { lingerMs }),
    // Nothing that was read is kept to be read by another.
    past: { keptBytes: 0 },
  });
  return { feed, reads: () => reads };
};

/** Follows a stream for so many of its events. @returns their numbers */
const take = async (
  feed: Feed,
  stream: string,
  from: Start,
  count: number,
): Promise<readonly number[]> => {
  const numbers: number[] = [];
  let hasCaughtUp = false;
  const end = feed.follow(
    { caller: { userId: 'ann', admin: false }, filter: { streams: [stream] }, from },
    {
      room: () => undefined,
      started: () => undefined,
      event: ({ json }) => numbers.push(JSON.parse(String(json)).data.n),
      caughtUp: () => {
        hasCaughtUp = true;
      },
      failed: (error) => {
        throw error;
      },
      ended: () => undefined,
    },
  );
  await eventually(() => hasCaughtUp && numbers.length >= count, `${count} events are told`);
  end();
  return numbers;
};

/** Resolves once the feed has heard of everything up to a position. */
const heard = async ({ told }: Feed, position: number): Promise<void> => {
  const { position: reached } = await told;
  await eventually(() => reached() >= position, 'the feed has heard of it');
};

it('what happens after somebody left is there for who comes back a moment later', async () => {
  const { feed, reads } = feedOf();
  const stream = freshStream();
  const first = await write(store, stream, 3);
  await heard(feed, first);
  expect(await take(feed, stream, first, 0)).toEqual([]);
  const before = reads();
  await heard(feed, await write(store, stream, 4, { first: 3 }));
  expect(await take(feed, stream, first, 4)).toEqual([3, 4, 5, 6]);
  expect(reads()).toBe(before);
  await feed.stop();
});

it('what happened while nobody was there is read from the store, and then goes on', async () => {
  const { feed, reads } = feedOf(0);
  const stream = freshStream();
  const first = await write(store, stream, 3);
  await heard(feed, first);
  expect(await take(feed, stream, first, 0)).toEqual([]);
  await heard(feed, await write(store, stream, 4, { first: 3 }));
  const before = reads();
  const taken = take(feed, stream, first, 10);
  await eventually(() => reads() > before, 'the past is read');
  await write(store, stream, 6, { first: 7 });
  expect(await taken).toEqual(upTo(13).slice(3));
  await feed.stop();
});
