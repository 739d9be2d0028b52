import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { type EventStore, StoreUnavailable } from '../../src/eventstore/event-store.js';
import { type EmbeddedTestStore, openEmbeddedStore } from '../support/event-stores.js';
import { all, freshStream, newEvent, newEvents, numberOf } from '../support/new-events.js';
import { untilAnswered } from '../support/until.js';

let opened: EmbeddedTestStore;
let store: EventStore;
let stream: string;
beforeAll(async () => {
  opened = await openEmbeddedStore();
  store = opened.store;
});
afterAll(() => opened.stop());
beforeEach(async () => {
  stream = freshStream();
  await store.append(stream, newEvents(2), 'none');
});

const numbersIn = async (name: string) => (await all(store.read(name))).map(numberOf);

describe('while the store is down', () => {
  it('every call says so, and works once it is back on the same port', async () => {
    await opened.stopServer();
    await expect(store.append(stream, [newEvent(2)], 1)).rejects.toThrow(StoreUnavailable);
    await expect(all(store.read(stream))).rejects.toThrow(StoreUnavailable);
    await expect(store.head()).rejects.toThrow(StoreUnavailable);
    await expect(store.tombstone(stream)).rejects.toThrow(StoreUnavailable);
    await expect(all(store.subscribe('start'))).rejects.toThrow(StoreUnavailable);

    await opened.startServer();
    expect(await untilAnswered(() => numbersIn(stream))).toStrictEqual([0, 1]);
    await untilAnswered(() => store.append(stream, [newEvent(2)], 1));
    expect(await numbersIn(stream)).toStrictEqual([0, 1, 2]);
    expect(await untilAnswered(() => store.head())).toBeGreaterThan(0);
  });

  it('a subscription that nobody reads yet keeps its failure for its reader', async () => {
    await opened.stopServer();
    const subscription = store.subscribe('start');
    for (let n = 0; n < 5; n++) await expect(store.head()).rejects.toThrow(StoreUnavailable);
    await expect(all(subscription)).rejects.toThrow(StoreUnavailable);
    await opened.startServer();
    await untilAnswered(() => store.head());
  });
});

describe('while the clock of this machine is wrong', () => {
  const now = Date.now;
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([-26, -1, 1, 26])('by %d h, appends are taken all the same', async (hours) => {
    jest.spyOn(Date, 'now').mockImplementation(() => now() + hours * 3_600_000);
    await store.append(stream, [newEvent(2)], 1);
    expect(await numbersIn(stream)).toStrictEqual([0, 1, 2]);
  });
});

describe('when the store goes down', () => {
  it('a subscription tells its reader, who goes on from the last position seen', async () => {
    const first = store.subscribe('start')[Symbol.asyncIterator]();
    let position = 0;
    for (let isLive = false; !isLive; ) {
      const { value } = await first.next();
      if (value.type === 'caughtUp') isLive = true;
      else position = value.position;
    }
    const waiting = first.next();
    await Promise.all([expect(waiting).rejects.toThrow(StoreUnavailable), opened.stopServer()]);

    await opened.startServer();
    await untilAnswered(() => store.append(stream, [newEvent(2)], 1));
    for await (const item of store.subscribe(position)) {
      expect(item).toMatchObject({ stream, data: { n: 2 } });
      break;
    }
  });

  it('appends under way either succeed or say that they may have, and are safe to repeat', async () => {
    const child = fork(new URL('./support/appends-under-way.js', import.meta.url), [
      ...[opened.url, stream],
    ]);
    const told = on(child, 'message');
    const next = async () => (await told.next()).value[0];
    const failuresOf = async (count: number, whenUnderWay?: () => Promise<void>) => {
      child.send(count);
      for (let isFirst = true; ; isFirst = false) {
        const { failures } = await next();
        if (failures) return failures;
        if (isFirst) await whenUnderWay?.();
      }
    };
    expect(await next()).toBe('ready');
    const failures = await failuresOf(60, opened.stopServer);
    expect([...new Set(failures)]).toStrictEqual(['StoreUnavailable']);

    await opened.startServer();
    while ((await failuresOf(60)).length > 0);
    for (let n = 0; n < 60; n++) expect(await numbersIn(`${stream}-${n}`)).toStrictEqual([n]);
    child.disconnect();
    expect(await once(child, 'exit')).toStrictEqual([0, null]);
  });

  it('a read under way either gives everything or says that it did not', async () => {
    const name = freshStream();
    const text = 'x'.repeat(10_000);
    for (let n = 0; n < 1_000; n += 100) {
      const some = Array.from({ length: 100 }, (_, index) => newEvent(n + index, { text }));
      await store.append(name, some, n === 0 ? 'none' : n - 1);
    }
    const reader = store.read(name)[Symbol.asyncIterator]();
    await reader.next();
    await opened.stopServer();
    const rest = (async () => {
      let count = 1;
      while (!(await reader.next()).done) count += 1;
      return count;
    })();
    await expect(rest).rejects.toThrow(StoreUnavailable);
    await opened.startServer();
    expect(await untilAnswered(() => numbersIn(name))).toHaveLength(1_000);
  });
});
