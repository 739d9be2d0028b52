import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CaughtUp,
  type EventStore,
  type StoredEvent,
  type Subscription,
  tombstoneType,
} from '../../src/eventstore/event-store.js';
import { sharingTail } from '../../src/eventstore/shared-tail.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { all, freshStream, newEvent, newEvents, numberOf } from '../support/new-events.js';

// What Forkline asks of an event store's subscription. Runs against whatever EVENTSTORE_URL names.

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened.stop());

const kinds: readonly (readonly [string, (store: EventStore) => EventStore])[] = [
  ['of its own', (store) => store],
  ['that shares the tail with others', (store) => sharingTail(store)],
];

type Item = StoredEvent | CaughtUp;
const isEvent = (item: Item): item is StoredEvent => 'stream' in item;
const told = (item: Item): unknown => (isEvent(item) ? numberOf(item) : item.type);

/** Reads a subscription step by step, passing over what others write to the store. */
const following = (subscription: Subscription, ...streams: readonly string[]) => {
  const reader = subscription[Symbol.asyncIterator]();
  const next = async (): Promise<Item> => {
    const { value, done } = await reader.next();
    if (done) throw new Error('the subscription ended');
    return isEvent(value) && !streams.includes(value.stream) ? next() : value;
  };
  const upTo = async (isLast: (item: Item) => boolean): Promise<readonly Item[]> => {
    const items = [await next()];
    while (!isLast(items.at(-1)!)) items.push(await next());
    return items;
  };
  return { next, upTo, end: () => subscription.close() };
};

const isCaughtUp = (item: Item): boolean => item.type === 'caughtUp';
const isNumber = (n: number) => (item: Item) => isEvent(item) && numberOf(item) === n;

describe.each(kinds)('%s', (_, madeOf) => {
  let store: EventStore;
  let other: ReturnType<EventStore['subscribe']>;
  beforeAll(async () => {
    store = madeOf(opened.store);
    // Somebody who is there all the time.
    other = store.subscribe('start');
    const reader = other[Symbol.asyncIterator]();
    while ((await reader.next()).value.type !== 'caughtUp');
    void reader.next();
  });
  afterAll(() => other.close());

  describe('a subscription', () => {
    it('from the start gives what there is, tells when that was all, and goes on', async () => {
      const stream = freshStream();
      await store.append(stream, newEvents(3), 'none');
      const { upTo, end } = following(store.subscribe('start'), stream);
      expect((await upTo(isCaughtUp)).map(told)).toStrictEqual([0, 1, 2, 'caughtUp']);
      await store.append(stream, newEvents(2, 3), 2);
      expect((await upTo(isNumber(4))).map(told)).toStrictEqual([3, 4]);
      end();
    });

    it('after a position leaves out the event there and all before it', async () => {
      const stream = freshStream();
      await store.append(stream, newEvents(4), 'none');
      for (const { position, revision } of await all(store.read(stream))) {
        const { upTo, end } = following(store.subscribe(position), stream);
        const rest = [0, 1, 2, 3].slice(revision + 1);
        expect((await upTo(isCaughtUp)).map(told)).toStrictEqual([...rest, 'caughtUp']);
        end();
      }
    });

    it('from the end gives only what comes', async () => {
      const stream = freshStream();
      await store.append(stream, newEvents(3), 'none');
      const { upTo, end } = following(store.subscribe('end'), stream);
      expect((await upTo(isCaughtUp)).map(told)).toStrictEqual(['caughtUp']);
      await store.append(stream, newEvents(1, 3), 2);
      expect((await upTo(isNumber(3))).map(told)).toStrictEqual([3]);
      end();
    });

    it('tells of having caught up in its place, however slowly it is read', async () => {
      const stream = freshStream();
      const before = await store.head();
      await store.append(stream, newEvents(150), 'none');
      const { next, end } = following(store.subscribe(before), stream);
      const seen: unknown[] = [];
      while (seen.at(-1) !== 'caughtUp') {
        seen.push(told(await next()));
        await store.head();
      }
      expect(seen).toStrictEqual([...Array.from({ length: 150 }, (_, n) => n), 'caughtUp']);
      end();
    });

    it('gives events as reading their streams does', async () => {
      const stream = freshStream();
      const before = await store.head();
      const event = { ...newEvent(0, { text: 'Åse 🚀' }) };
      const onBase = { ...event, metadata: { ...event.metadata, base: 7 } };
      await store.append(stream, [onBase], 'none');
      const { next, end } = following(store.subscribe(before), stream);
      expect([await next()]).toStrictEqual(await all(store.read(stream)));
      end();
    });

    it('gives the events of all streams in one order, the same to everyone', async () => {
      const streams = Array.from({ length: 5 }, () => freshStream());
      const before = await store.head();
      const live = following(store.subscribe(before), ...streams);
      await live.upTo(isCaughtUp);
      await Promise.all(
        streams.map(async (stream, index) => {
          for (let n = 0; n < 20; n++)
            await store.append(stream, [newEvent(index * 100 + n)], n === 0 ? 'none' : n - 1);
        }),
      );
      const seen = await Promise.all(Array.from({ length: 100 }, () => undefined).map(live.next));
      const later = following(store.subscribe(before), ...streams);
      expect((await later.upTo(isCaughtUp)).slice(0, -1)).toStrictEqual(seen);
      const events = seen.filter(isEvent);
      expect(events.map(({ position }) => position)).toStrictEqual(
        events.map(({ position }) => position).sort((a, b) => a - b),
      );
      for (const [index, stream] of streams.entries())
        expect(events.filter((event) => event.stream === stream).map(numberOf)).toStrictEqual(
          Array.from({ length: 20 }, (_, n) => index * 100 + n),
        );
      live.end();
      later.end();
    });

    it('tells of a stream deleted for good', async () => {
      const stream = freshStream();
      const { position } = await store.append(stream, newEvents(2), 'none');
      await store.tombstone(stream);
      const { next, end } = following(store.subscribe(position), stream);
      expect(await next()).toMatchObject({ type: tombstoneType, stream });
      end();
    });

    it('takes the head as a position to go on from', async () => {
      const stream = freshStream();
      await store.append(stream, newEvents(2), 'none');
      const { upTo, end } = following(store.subscribe(await store.head()), stream);
      expect((await upTo(isCaughtUp)).map(told)).toStrictEqual(['caughtUp']);
      end();
    });
  });

  describe('closing a subscription', () => {
    it('ends a reader that waits for the next event', async () => {
      const subscription = store.subscribe('end');
      const reader = subscription[Symbol.asyncIterator]();
      while (!isCaughtUp((await reader.next()).value));
      const waiting = reader.next();
      subscription.close();
      expect(await waiting).toStrictEqual({ value: undefined, done: true });
    });

    it('ends one that was never read, and takes being closed twice', async () => {
      const subscription = store.subscribe('start');
      subscription.close();
      subscription.close();
      expect(await all(subscription)).toStrictEqual([]);
    });

    it('leaves the others alone', async () => {
      const stream = freshStream();
      const [one, other] = [store.subscribe('end'), store.subscribe('end')];
      const left = following(other, stream);
      await left.upTo(isCaughtUp);
      one.close();
      await store.append(stream, newEvents(1), 'none');
      expect(told(await left.next())).toBe(0);
      left.end();
    });
  });
});
