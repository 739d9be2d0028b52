import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type EventStoreThread, startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { type Feed, startFeed } from '../../src/feed/feed.js';
import { freshStream, upTo, write } from './support/events.js';
import { eventually } from './support/waiting.js';

let dataDir: string;
let eventStore: EventStoreThread;
let store: EventStore;
let feed: Feed;
/** Lets the hub have what it waits for. */
let letGo: () => void;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-feed-'));
  eventStore = await startEventStore({ dataDir });
  store = connectEventStore(eventStore.url);
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  feed = startFeed(heldBackOnce(store, gate), pino({ level: 'silent' }));
});

afterEach(async () => {
  await feed.stop();
  await eventStore.stop();
  void store.close();
  await rm(dataDir, { recursive: true });
});

/** The store, with its first subscription, which is the hub's, telling nothing until the gate opens. */
const heldBackOnce = (open: EventStore, gate: Promise<void>): EventStore => {
  let count = 0;
  return {
    ...open,
    subscribe: (after) => {
      const subscription = open.subscribe(after);
      if (count++ > 0) return subscription;
      return {
        close: subscription.close,
        [Symbol.asyncIterator]: async function* () {
          for await (const item of subscription) {
            await gate;
            yield item;
          }
        },
      };
    },
  };
};

const follow = (stream: string, from: 'now' | 'start' | number): unknown[] => {
  const told: unknown[] = [];
  feed.follow(
    { caller: { userId: 'ann', admin: false }, filter: { streams: [stream] }, from },
    {
      room: () => undefined,
      started: () => told.push('started'),
      event: ({ json }) => told.push(JSON.parse(String(json)).data.n),
      caughtUp: (position) => told.push(`caughtUp ${position}`),
      failed: (error) => told.push(error),
      ended: () => undefined,
    },
  );
  return told;
};

it('hides nothing that was there, nor repeats it, nor takes it for new, though the hub has not heard of it', async () => {
  const stream = freshStream();
  const now = follow(stream, 'now');
  await eventually(() => now.length === 2, 'the feed has begun');
  const before = await store.head();
  const position = await write(store, stream, 5);

  const resumed = follow(stream, before);
  const fromStart = follow(stream, 'start');
  const caughtUp = ['started', 0, 1, 2, 3, 4, `caughtUp ${position}`];
  await eventually(() => resumed.length === 7 && fromStart.length === 7, 'both have caught up');
  expect(resumed).toEqual(caughtUp);
  expect(fromStart).toEqual(caughtUp);
  expect(now).toEqual(['started', `caughtUp ${before}`]);
  const later = follow(stream, 'now');
  await eventually(() => later.length === 2, 'it has begun');
  expect(later).toEqual(['started', `caughtUp ${position}`]);

  letGo();
  await write(store, stream, 3, { first: 5 });
  await eventually(() => now.length === 10, 'eight events as they happen');
  await eventually(
    () => resumed.length >= 10 && fromStart.length >= 10,
    'three more for the others',
  );
  expect(now.slice(2)).toEqual(upTo(8));
  await eventually(() => later.length >= 5, 'three more for the last');
  expect(later.slice(2)).toEqual([5, 6, 7]);
  expect(resumed).toEqual([...caughtUp, 5, 6, 7]);
  expect(fromStart).toEqual([...caughtUp, 5, 6, 7]);
});
