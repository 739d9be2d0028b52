import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type EventStoreThread, startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import type { Consumer } from '../../src/feed/consumer.js';
import { type Feed, startFeed } from '../../src/feed/feed.js';
import type { FeedEvent } from '../../src/feed/feed-event.js';
import type { Filter, Start } from '../../src/feed/filter.js';
import { freshStream, upTo, write } from './support/events.js';
import { eventually } from './support/waiting.js';

const eventCount = 6_000;
const pageEvents = 50;
const clientCount = 1_000;
/** How far behind they are, at most. */
const eventsBack = 500;

let dataDir: string;
let eventStore: EventStoreThread;
let store: EventStore;
let feed: Feed;
const stream = freshStream();
let open = 0;
let opened = 0;
let given = 0;

/** The store, with its subscriptions counted, and what they give. */
const counting = (store: EventStore): EventStore => ({
  ...store,
  subscribe: (after) => {
    const subscription = store.subscribe(after);
    let isOpen = true;
    open += 1;
    opened += 1;
    const close = () => {
      if (isOpen) open -= 1;
      isOpen = false;
      subscription.close();
    };
    return {
      close,
      [Symbol.asyncIterator]: async function* () {
        for await (const item of subscription) {
          given += 1;
          yield item;
        }
      },
    };
  },
});

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-feed-'));
  eventStore = await startEventStore({ dataDir });
  store = connectEventStore(eventStore.url);
  await write(store, stream, eventCount, { atOnce: 500 });
  feed = startFeed(counting(store), pino({ level: 'silent' }), {
    window: { events: 10 },
    past: { pageEvents },
  });
});

afterAll(async () => {
  await feed.stop();
  await eventStore.stop();
  void store.close();
  await rm(dataDir, { recursive: true });
});

type Told = { readonly numbers: number[]; hasCaughtUp: boolean };

const follow = (filter: Filter, from: Start, consumer: Partial<Consumer>): (() => void) =>
  feed.follow(
    { caller: { userId: 'ann', admin: false }, filter, from },
    {
      room: () => undefined,
      started: () => undefined,
      event: () => undefined,
      caughtUp: () => undefined,
      failed: (error) => {
        throw error;
      },
      ended: () => undefined,
      ...consumer,
    },
  );

/** Reads from a place on. `room` is asked as a consumer is. */
const read = (
  room: (told: Told) => Promise<void> | undefined = () => undefined,
  from: Start = 'start',
) => {
  const told: Told = { numbers: [], hasCaughtUp: false };
  const stop = follow({ streams: [stream] }, from, {
    room: () => room(told),
    event: ({ json }) => told.numbers.push(JSON.parse(String(json)).data.n),
    caughtUp: () => {
      told.hasCaughtUp = true;
    },
  });
  return { told, stop };
};

describe('many who read the past', () => {
  it('go each at their own pace, and hold nothing of the store while they have no room', async () => {
    let makeRoom: () => void = () => undefined;
    const room = new Promise<void>((resolve) => {
      makeRoom = resolve;
    });
    let isFull = true;
    const stuckAt = (count: number) => (told: Told) =>
      isFull && told.numbers.length >= count ? room : undefined;
    const stuck = [0, 1, 700, 5_500].map((count) => read(stuckAt(count)));
    const free = [1, 2, 3].map(() => read());
    await eventually(() => free.every(({ told }) => told.hasCaughtUp), 'the free have caught up');
    for (const { told } of free) expect(told.numbers).toEqual(upTo(eventCount));
    await eventually(() => open === 1, 'only the hub has a subscription');
    expect(stuck.map(({ told }) => told.numbers.length)).toEqual([0, 1, 700, 5_500]);

    isFull = false;
    makeRoom();
    await eventually(() => stuck.every(({ told }) => told.hasCaughtUp), 'all have caught up');
    for (const { told } of stuck) expect(told.numbers).toEqual(upTo(eventCount));
    for (const { stop } of [...stuck, ...free]) stop();
  });

  it('have the store read once for all of them, wherever they come from', async () => {
    const positions: number[] = [0];
    for await (const event of store.read(stream)) positions.push(event.position);
    const heard: FeedEvent[] = [];
    const other = freshStream();
    const live = follow({ streams: [other] }, 'now', { event: (event) => heard.push(event) });
    [opened, given] = [0, 0];
    // In no order: 7,919 is prime.
    const readers = Array.from({ length: clientCount }, (_, n) => {
      const first = eventCount - eventsBack + ((n * 7_919) % eventsBack);
      return { first, ...read(undefined, positions[first] ?? 0) };
    });
    const isAll = () => readers.every(({ told }) => told.hasCaughtUp);
    await eventually(() => readers.some(({ told }) => told.hasCaughtUp), 'one has caught up');
    const position = await write(store, other, 1);
    await eventually(() => heard.some((event) => event.position === position), 'it is told');
    // What happens is told while others are busy with the past.
    expect(isAll()).toBe(false);
    await eventually(isAll, 'all have caught up');
    const numbers = upTo(eventCount);
    for (const { told, first } of readers) expect(told.numbers).toEqual(numbers.slice(first));
    expect(given).toBeLessThan(1.2 * eventsBack);
    // A page ends where another begins.
    expect(opened).toBeLessThan((2 * eventsBack) / pageEvents);
    for (const stop of [live, ...readers.map((reader) => reader.stop)]) stop();
  });

  it('have nothing read for them once they are gone', async () => {
    const never = new Promise<void>(() => undefined);
    const readers = Array.from({ length: 10 }, (_, n) =>
      read(() => (n < 2 ? never : undefined), n < 9 ? n + 1 : 'start'),
    );
    for (const { stop } of readers.slice(0, 9)) stop();
    await eventually(() => readers[9]?.told.hasCaughtUp === true, 'the last has caught up');
    expect(readers[9]?.told.numbers).toEqual(upTo(eventCount));
    expect(readers.slice(2, 9).flatMap(({ told }) => told.numbers)).toEqual([]);
    readers[9]?.stop();
  });
});
