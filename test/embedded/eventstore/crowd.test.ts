import { START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, event, freshStream } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';
import { Recording } from './support/subscription.js';

const writerCount = 50;
const subscriberCount = 20;
const eventsPerWriter = 60;

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

describe('fifty writers and twenty subscribers who join as they write', () => {
  it('all see the order of the store, each event once', async () => {
    const streams = Array.from({ length: writerCount }, () => freshStream('crowd'));
    const recordings: Recording[] = [];
    let written = 0;
    const join = () => {
      const isDue = written > (recordings.length * writerCount * eventsPerWriter) / subscriberCount;
      if (isDue && recordings.length < subscriberCount)
        recordings.push(new Recording(test.client.subscribeToAll({ fromPosition: START })));
    };
    await Promise.all(
      streams.map(async (stream) => {
        for (let n = 0; n < eventsPerWriter; n++) {
          await test.client.appendToStream(stream, [event(n)]);
          written++;
          join();
        }
      }),
    );
    expect(recordings).toHaveLength(subscriberCount);
    const order = (await all(test.client.readAll())).map(({ event: e }) => e?.id);
    for (const recording of recordings) {
      await recording.until(({ events: seen }) => seen.length >= order.length);
      expect(recording.events.map(({ event: e }) => e?.id)).toEqual(order);
      expect(recording.told.filter((what) => what === 'caughtUp')).toHaveLength(1);
      await recording.stop();
    }
  });
});
