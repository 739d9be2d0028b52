import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventView } from '../../src/replay/event-view.js';
import { counted, freshStream, numbers, upTo, write } from './support/events.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';

let server: FeedServer;
beforeAll(async () => {
  // A window so small that whoever was away for long has to read the store.
  server = await startFeedServer({ feed: { window: { events: 100 } } });
});
afterAll(() => server.stop());

/** Follows a stream from the start, dropping the connection after so many events, over and over. */
const followDropping = async (
  stream: string,
  count: number,
  drops: readonly number[],
): Promise<readonly EventView[]> => {
  const seen: EventView[] = [];
  for (const most of [...drops, count]) {
    if (seen.length === count) break;
    const client = await server.connect('ann');
    const from = seen.at(-1)?.position ?? 'start';
    client.subscribe('a', { filter: { streams: [stream] }, from });
    const events = await client.told('a', Math.min(most, count - seen.length));
    client.socket.terminate();
    // What arrived after the decision to go counts as much as what arrived before.
    seen.push(...events);
  }
  return seen;
};

describe('resuming', () => {
  it('from the last position tells each event once and in order, however often a client drops', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 250 }), { minLength: 3, maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 4, maxLength: 4 }),
        async (drops, sizes) => {
          const [stream, noise] = [freshStream(), freshStream()];
          const steady = await server.connect('ann');
          await steady.caughtUp('a', { filter: { streams: [stream] } });
          const dropping = followDropping(stream, 2_000, drops);
          for (let n = 0, round = 0; n < 2_000; round++) {
            const size = Math.min(sizes[round % sizes.length]!, 2_000 - n);
            await write(server.store, stream, size, { first: n });
            await write(server.store, noise, 1, { first: round });
            n += size;
          }
          expect(numbers(await steady.told('a', 2_000))).toEqual(upTo(2_000));
          expect(numbers(await dropping)).toEqual(upTo(2_000));
          await steady.end();
        },
      ),
      { numRuns: 3 },
    );
  });

  it('from far back crosses over to what is happening without gap or repeat', async () => {
    const stream = freshStream();
    await write(server.store, stream, 1_500);
    const clients = await Promise.all(['a', 'b', 'c'].map(() => server.connect('ann')));
    const writing = write(server.store, stream, 1_000, { first: 1_500, atOnce: 7 });
    for (const client of clients)
      client.subscribe('a', { filter: { streams: [stream] }, from: 'start' });
    await writing;
    for (const client of clients) {
      expect(numbers(await client.told('a', 2_500))).toEqual(upTo(2_500));
      expect(client.of('a').filter(({ op }) => op === 'caughtUp')).toHaveLength(1);
      await client.end();
    }
  });

  it('has caught up no sooner than all is told that was there when it was asked', async () => {
    const stream = freshStream();
    const client = await server.connect('ann');
    let from = `${await write(server.store, stream, 1)}`;
    for (let n = 1; n <= 60; n++) {
      const { position } = await server.store.append(stream, [counted(n, stream)], n - 1);
      const id = `s${n}`;
      await client.caughtUp(id, { filter: { streams: [stream] }, from });
      const messages = client.of(id);
      const caughtUp = messages.findIndex(({ op }) => op === 'caughtUp');
      expect(numbers(messages.slice(0, caughtUp).flatMap(({ event }) => event ?? []))).toEqual([n]);
      from = `${position}`;
      client.say({ op: 'unsubscribe', id });
    }
    await client.end();
  });
});
