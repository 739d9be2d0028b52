import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import { startCountingProxy } from '../support/counting-proxy.js';
import { openEmbeddedStore, type TestStore } from '../support/event-stores.js';
import { newEvent, numberOf } from '../support/new-events.js';

const events = 1_500;
const bytesEach = 10_000;
const mebibyte = 1_048_576;

let opened: TestStore;
beforeAll(async () => {
  opened = await openEmbeddedStore();
  const text = 'x'.repeat(bytesEach);
  for (let n = 0; n < events; n += 100) {
    const some = Array.from({ length: 100 }, (_, index) => newEvent(n + index, { text }));
    await opened.store.append('test-long', some, n === 0 ? 'none' : n - 1);
  }
});
afterAll(() => opened.stop());

it('sends a subscriber no more than it reads, and loses nothing meanwhile', async () => {
  const proxy = await startCountingProxy(Number(new URL(opened.url).port));
  const slow = connectEventStore(`esdb://127.0.0.1:${proxy.port}?tls=false`);
  const reader = slow.subscribe('start')[Symbol.asyncIterator]();
  const numbers: unknown[] = [];
  const next = async () => {
    const { value } = await reader.next();
    if (value.type !== 'caughtUp') numbers.push(numberOf(value));
    return value;
  };

  await next();
  // While this one rests, another gets everything: had it been sent more, it would be here by now.
  for await (const { type } of opened.store.subscribe('start')) if (type === 'caughtUp') break;
  expect(proxy.received()).toBeLessThan(4 * mebibyte);

  while ((await next()).type !== 'caughtUp');
  expect(proxy.received()).toBeGreaterThan(events * bytesEach);
  expect(numbers).toStrictEqual(Array.from({ length: events }, (_, n) => n));
  await reader.return?.();
  await slow.close();
  await proxy.stop();
});

it('lets reads and subscriptions that stop early go, and the connection close', async () => {
  const connecting = jest.spyOn(EventStoreDBClient, 'connectionString');
  const store = connectEventStore(opened.url);
  const client = connecting.mock.results[0]?.value as unknown as {
    disposableStreams: Set<unknown>;
  };
  connecting.mockRestore();

  for (let n = 0; n < 20; n++) {
    for await (const _ of store.read('test-long')) break;
    for await (const _ of store.read('test-long', { limit: 1 })) break;
    for await (const _ of store.subscribe('start')) break;
    await store.head();
  }
  // What the client still counts as under way.
  while (client.disposableStreams.size > 0) await new Promise(setImmediate);
  await store.close();
});

it('keeps its connection through thousands of reads of which nothing is left', async () => {
  for (let n = 0; n < 30; n++)
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        for await (const _ of opened.store.read('test-long', { limit: 1 })) break;
        for await (const _ of opened.store.read('test-none')) break;
      }),
    );
});
