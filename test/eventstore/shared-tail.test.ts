import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type EventStore,
  StoreUnavailable,
  type Subscription,
} from '../../src/eventstore/event-store.js';
import { sharingTail } from '../../src/eventstore/shared-tail.js';
import { type EmbeddedTestStore, openEmbeddedStore } from '../support/event-stores.js';
import { freshStream, newEvents } from '../support/new-events.js';
import { untilAnswered } from '../support/until.js';

let opened: EmbeddedTestStore;
beforeAll(async () => {
  opened = await openEmbeddedStore();
});
afterAll(() => opened.stop());

const mebibyte = 1024 * 1024;

/** The store, and how many subscriptions it has open. */
const counted = () => {
  let open = 0;
  const { store } = opened;
  const counting: EventStore = {
    ...store,
    subscribe: (after) => {
      const subscription = store.subscribe(after);
      open += 1;
      let isOpen = true;
      const close = () => {
        if (isOpen) open -= 1;
        isOpen = false;
        subscription.close();
      };
      return { [Symbol.asyncIterator]: () => subscription[Symbol.asyncIterator](), close };
    },
  };
  return { store: counting, open: () => open };
};

/** Reads positions one by one, passing over what is said of having caught up. */
const positionsOf = (subscription: Subscription) => {
  const reader = subscription[Symbol.asyncIterator]();
  const next = async (): Promise<number> => {
    const { value, done } = await reader.next();
    if (done) throw new Error('the subscription ended');
    return 'position' in value ? value.position : next();
  };
  const take = async (count: number): Promise<readonly number[]> => {
    const taken: number[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  return { take, next, close: () => subscription.close() };
};

/** Appends events one by one. @returns their positions */
const appended = async (count: number): Promise<readonly number[]> => {
  const stream = freshStream();
  const positions: number[] = [];
  for (const [n, event] of newEvents(count).entries())
    positions.push((await opened.store.append(stream, [event], n === 0 ? 'none' : n - 1)).position);
  return positions;
};

describe('those who follow a store', () => {
  it('share one subscription, wherever they began, once they are at its end', async () => {
    const { store, open } = counted();
    const shared = sharingTail(store);
    const before = await store.head();
    const past = await appended(5);
    const readers = [before, before, past[2] ?? 0].map((from) =>
      positionsOf(shared.subscribe(from)),
    );
    const caughtUp = await Promise.all(readers.map(({ take }, n) => take(n === 2 ? 2 : 5)));
    expect(caughtUp).toStrictEqual([past, past, past.slice(3)]);
    const live = Promise.all(readers.map(({ take }) => take(20)));
    const positions = await appended(20);
    expect(await live).toStrictEqual([positions, positions, positions]);
    expect(open()).toBe(1);
    for (const { close } of readers) close();
    expect(open()).toBe(0);
  });

  it('get every event in order, however far each is behind what is kept', async () => {
    const { store, open } = counted();
    const shared = sharingTail(store, { events: 4, bytes: mebibyte });
    const from = await store.head();
    const [quick, slow] = [from, from].map((each) => positionsOf(shared.subscribe(each)));
    const first = await appended(1);
    expect([await quick!.take(1), await slow!.take(1)]).toStrictEqual([first, first]);
    const quickly = quick!.take(30);
    const positions = await appended(30);
    expect(await quickly).toStrictEqual(positions);
    expect(await slow!.take(30)).toStrictEqual(positions);
    const live = Promise.all([quick!.take(3), slow!.take(3)]);
    const last = await appended(3);
    expect(await live).toStrictEqual([last, last]);
    expect(open()).toBe(1);
    quick!.close();
    slow!.close();
  });

  it('are told that the connection is lost, and go on where they were once it is back', async () => {
    const shared = sharingTail(opened.store);
    const from = await shared.head();
    const readers = [from, from].map((each) => positionsOf(shared.subscribe(each)));
    const seen = Promise.all(readers.map(({ next }) => next()));
    const [position] = await appended(1);
    expect(await seen).toStrictEqual([position, position]);
    const ends = readers.map(({ next }) => next().catch((error: unknown) => error));
    await opened.stopServer();
    for (const end of ends) expect(await end).toBeInstanceOf(StoreUnavailable);
    await opened.startServer();
    await untilAnswered(() => opened.store.head());
    const again = positionsOf(shared.subscribe(position ?? 0));
    const live = again.take(2);
    expect(await appended(2)).toStrictEqual(await live);
    again.close();
  });
});
