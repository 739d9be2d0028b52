import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { freshStream, newEvents, numberOf } from '../support/new-events.js';

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
});
afterAll(() => opened.stop());

it('takes thousands of looks at the first events of streams, none of them to the end', async () => {
  const stream = freshStream();
  await store.append(stream, newEvents(3), 'none');
  const firstNumber = async (limit: number): Promise<unknown> => {
    for await (const event of store.read(stream, { limit })) return numberOf(event);
    return undefined;
  };
  // Node's HTTP/2 servers cut a connection off once it has cancelled 1,000 calls in quick succession.
  for (let n = 0; n < 3_000; n += 20) {
    const looks = Array.from({ length: 20 }, (_, index) => firstNumber(1 + (index % 3)));
    expect(new Set(await Promise.all(looks))).toEqual(new Set([0]));
  }
});
