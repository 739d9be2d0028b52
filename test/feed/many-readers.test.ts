import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type EventStoreThread, startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { type Feed, startFeed } from '../../src/feed/feed.js';
import { freshStream, upTo, write } from './support/events.js';
import { eventually } from './support/waiting.js';

// More than one reader may read while others wait.
const EVENTS = 6_000;

let dataDir: string;
let eventStore: EventStoreThread;
let store: EventStore;
let feed: Feed;
const stream = freshStream();
let open = 0;
let most = 0;

/** The store, with its open subscriptions counted. */
const counting = (store: EventStore): EventStore => ({
  ...store,
  subscribe: (after) => {
    const subscription = store.subscribe(after);
    let isOpen = true;
    open += 1;
    most = Math.max(most, open);
    const close = () => {
      if (isOpen) open -= 1;
      isOpen = false;
      subscription.close();
    };
    return { close, [Symbol.asyncIterator]: () => subscription[Symbol.asyncIterator]() };
  },
});

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-feed-'));
  eventStore = await startEventStore({ dataDir });
  store = connectEventStore(eventStore.url);
  await write(store, stream, EVENTS, { atOnce: 500 });
  const options = { readers: 2, patienceMs: 20, window: { events: 10 } };
  feed = startFeed(counting(store), pino({ level: 'silent' }), options);
});

afterAll(async () => {
  await feed.stop();
  await eventStore.stop();
  void store.close();
  await rm(dataDir, { recursive: true });
});

type Told = { readonly numbers: number[]; hasCaughtUp: boolean };

/** Reads from the start. `room` is asked as a consumer is. */
const read = (room: (told: Told) => Promise<void> | undefined) => {
  const told: Told = { numbers: [], hasCaughtUp: false };
  const stop = feed.follow(
    { caller: { userId: 'ann', admin: false }, filter: { streams: [stream] }, from: 'start' },
    {
      room: () => room(told),
      started: () => undefined,
      event: ({ json }) => told.numbers.push(JSON.parse(json).data.n),
      caughtUp: () => {
        told.hasCaughtUp = true;
      },
      failed: (error) => {
        throw error;
      },
      ended: () => undefined,
    },
  );
  return { told, stop };
};

describe('many who read the past', () => {
  it('take turns, of which those who have no room keep none', async () => {
    let makeRoom: () => void = () => undefined;
    const room = new Promise<void>((resolve) => {
      makeRoom = resolve;
    });
    let isFull = true;
    const stuckAt = (count: number) => (told: Told) =>
      isFull && told.numbers.length >= count ? room : undefined;
    const stuck = [0, 1, 700, 5_500].map((count) => read(stuckAt(count)));
    const free = [1, 2, 3].map(() => read(() => undefined));
    await eventually(() => free.every(({ told }) => told.hasCaughtUp), 'the free have caught up');
    for (const { told } of free) expect(told.numbers).toEqual(upTo(EVENTS));
    await eventually(() => open === 1, 'only the hub has a subscription');
    expect(stuck.map(({ told }) => told.numbers.length)).toEqual([0, 1, 700, 5_500]);

    isFull = false;
    makeRoom();
    await eventually(() => stuck.every(({ told }) => told.hasCaughtUp), 'all have caught up');
    for (const { told } of stuck) expect(told.numbers).toEqual(upTo(EVENTS));
    expect(most).toBe(3);
    for (const { stop } of [...stuck, ...free]) stop();
  });

  it('who go while they wait for a turn leave it to others', async () => {
    const never = new Promise<void>(() => undefined);
    const readers = Array.from({ length: 10 }, (_, n) => read(() => (n < 2 ? never : undefined)));
    for (const { stop } of readers.slice(0, 9)) stop();
    await eventually(() => readers[9]?.told.hasCaughtUp === true, 'the last has caught up');
    expect(readers[9]?.told.numbers).toEqual(upTo(EVENTS));
    expect(readers.slice(2, 9).flatMap(({ told }) => told.numbers)).toEqual([]);
    readers[9]?.stop();
  });
});
