import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore, type TestStore } from '../support/event-stores.js';
import { freshStream, newEvent } from '../support/new-events.js';

let test: TestStore;
beforeAll(async () => {
  test = await openStore();
});
afterAll(() => test.stop());

const firstOf = async (stream: string): Promise<string | undefined> => {
  for await (const { id } of test.store.read(stream, { limit: 1 })) return id;
  return undefined;
};

describe('reads that are given up once they gave what was looked for', () => {
  // Servers close a connection on which more than a thousand calls are cancelled in short order.
  it('leave the connection open for others, however many they are', async () => {
    const stream = freshStream();
    const event = newEvent(1);
    await test.store.append(stream, [event, newEvent(2)], 'none');
    const subscription = test.store.subscribe('end');
    const told: string[] = [];
    const listening = (async () => {
      for await (const item of subscription) told.push(item.type);
    })();
    for (let round = 0; round < 12; round++) {
      const found = await Promise.all(Array.from({ length: 500 }, () => firstOf(stream)));
      expect(new Set(found)).toEqual(new Set([event.id]));
    }
    subscription.close();
    await listening;
    expect(told).toContain('caughtUp');
  });
});
