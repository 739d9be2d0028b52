import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import {
  type ConsumeOptions,
  type Consumption,
  type Delivery,
  type EventStore,
  StoreUnavailable,
  unreadableType,
} from '../../src/eventstore/event-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { freshStream, newEvent, newEvents, numberOf } from '../support/new-events.js';

// What Forkline asks of an event store's groups of consumers. Runs against whatever EVENTSTORE_URL names.

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
});
afterAll(() => opened.stop());

/** A group and a category that nothing else uses. */
const fresh = (over: Partial<ConsumeOptions> = {}) => {
  const category = `c${newId().replaceAll('-', '')}`;
  const options: ConsumeOptions = {
    ...{ categories: [category], from: 'start', together: 'stream', inFlight: 10 },
    ...over,
  };
  return { group: `test-${newId()}`, stream: freshStream(category), category, options };
};

/** Reads a consumption step by step. */
const reading = (consumption: Consumption) => {
  const reader = consumption[Symbol.asyncIterator]();
  const next = async (): Promise<Delivery> => {
    const { value, done } = await reader.next();
    if (done) throw new Error('the consumption ended');
    return value;
  };
  const take = async (count: number): Promise<readonly Delivery[]> => {
    const taken: Delivery[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  return { next, take, end: () => consumption.close(), ended: () => reader.next() };
};

const numbersOf = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ event }) => numberOf(event));

describe('a group of consumers', () => {
  it('that is made for others has what comes before any of them takes part', async () => {
    const { group, stream, options } = fresh();
    expect(await store.hasGroup(group)).toBe(false);
    await store.append(stream, newEvents(2), 'none');
    await store.makeGroup(group, { ...options, from: 'end' });
    expect(await store.hasGroup(group)).toBe(true);
    await store.append(stream, newEvents(3, 2), 1);
    await store.makeGroup(group, { ...options, from: 'end' });
    const { take, end } = reading(store.consume(group, options));
    expect(numbersOf(await take(3))).toStrictEqual([2, 3, 4]);
    end();
  });

  it('of some types is given no others, whatever its categories', async () => {
    const { group, stream, options } = fresh({ types: ['Wanted'] });
    const [first, second, third] = newEvents(3);
    await store.append(stream, [first!, { ...second!, type: 'Wanted' }, third!], 'none');
    await store.append(stream, [{ ...newEvents(1, 3)[0]!, type: 'Wanted' }], 2);
    const { take, end } = reading(store.consume(group, options));
    expect(numbersOf(await take(2))).toStrictEqual([1, 3]);
    end();
  });

  it('begins with the first event of its categories, and goes on with what comes', async () => {
    const { group, stream, options } = fresh();
    await store.append(stream, newEvents(3), 'none');
    await store.append(freshStream(), newEvents(2), 'none');
    const { take, end } = reading(store.consume(group, options));
    const before = await take(3);
    expect(numbersOf(before)).toEqual([0, 1, 2]);
    expect(before[1]?.event).toMatchObject({ stream, revision: 1, type: 'Counted' });
    expect(before[1]!.event.position).toBeGreaterThan(before[0]!.event.position);
    await store.append(stream, newEvents(2, 3), 2);
    expect(numbersOf(await take(2))).toEqual([3, 4]);
    end();
  });

  it('hands no more to a consumer than it may hold, until some is acknowledged', async () => {
    const { group, stream, options } = fresh({ inFlight: 2 });
    await store.append(stream, newEvents(4), 'none');
    const { next, take, end } = reading(store.consume(group, options));
    const [first] = await take(2);
    const third = next();
    expect(await Promise.race([third, store.head().then(() => 'nothing yet')])).toBe('nothing yet');
    first!.ack();
    expect(numbersOf([await third])).toEqual([2]);
    end();
  });

  it('gives what a consumer did not acknowledge to the next one, in order', async () => {
    const { group, stream, options } = fresh();
    await store.append(stream, newEvents(5), 'none');
    const first = reading(store.consume(group, options));
    const taken = await first.take(5);
    taken[0]!.ack();
    taken[1]!.ack();
    // Everything that comes was acknowledged after those two.
    await store.append(stream, newEvents(1, 5), 4);
    const [sixth] = await first.take(1);
    sixth!.ack();
    first.end();
    const second = reading(store.consume(group, options));
    expect(numbersOf(await second.take(3))).toEqual([2, 3, 4]);
    second.end();
  });

  it('is made once, though several make it at the same moment', async () => {
    const { group, stream, options } = fresh();
    await store.append(stream, newEvents(1), 'none');
    const all = Array.from({ length: 5 }, () => store.consume(group, options));
    const readers = all.map(reading);
    const first = await Promise.race(readers.map(({ next }) => next()));
    expect(numberOf(first.event)).toBe(0);
    for (const { end } of readers) end();
  });

  it('ends its consumers with StoreUnavailable when it is deleted, and is made anew by the next', async () => {
    const { group, stream, options } = fresh();
    await store.append(stream, newEvents(2), 'none');
    const first = reading(store.consume(group, options));
    for (const { ack } of await first.take(2)) ack();
    const client = EventStoreDBClient.connectionString(opened.url);
    await client.deletePersistentSubscriptionToAll(group);
    await client.dispose();
    await expect(first.next()).rejects.toThrow(StoreUnavailable);
    const second = reading(store.consume(group, options));
    expect(numbersOf(await second.take(2))).toEqual([0, 1]);
    second.end();
  });

  it('of every category takes the events of users, and tells of those it cannot read', async () => {
    const { group, stream, options } = fresh();
    const { categories: _, ...everything } = options;
    const { next, end } = reading(store.consume(group, { ...everything, from: 'end' }));
    const pending = next();
    // Until the group is there, what is appended is before its beginning.
    let count = 0;
    let seen: Delivery | undefined;
    while (!seen) {
      await store.append(stream, newEvents(1, count), count === 0 ? 'none' : count - 1);
      count += 1;
      seen = await Promise.race([pending, store.head().then(() => undefined)]);
    }
    expect(seen.event.type.startsWith('$')).toBe(false);
    const broken = { ...newEvent(0), type: 'SessionRenamed', data: { colour: 'red' } };
    await store.append(stream, [broken], count - 1);
    seen.ack();
    for (;;) {
      const { event, ack } = await next();
      ack();
      if (event.type !== unreadableType) continue;
      expect(event).toMatchObject({ stream, data: { type: 'SessionRenamed' } });
      break;
    }
    end();
  });

  it('closed before it has begun gives nothing', async () => {
    const { group, stream, options } = fresh();
    await store.append(stream, newEvents(1), 'none');
    const consumption = store.consume(group, options);
    const { ended, end } = reading(consumption);
    end();
    expect(await ended()).toEqual({ done: true, value: undefined });
  });
});
