import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { startEventStore } from '../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import { StoreUnavailable } from '../../src/eventstore/event-store.js';
import { startFeed } from '../../src/feed/feed.js';
import { eventOf, freshStream, numbers, upTo, write } from './support/events.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';
import { eventually } from './support/waiting.js';

const running: FeedServer[] = [];
afterEach(() => running.pop()?.stop());

const startServer = async (firstMs: number, mostMs: number): Promise<FeedServer> => {
  const server = await startFeedServer({ feed: { retry: { firstMs, mostMs } } });
  running.push(server);
  return server;
};

const lost = 'the feed cannot follow the event store';

describe('when the store goes away and comes back', () => {
  it('loses nothing and repeats nothing for those who stay connected', async () => {
    const server = await startServer(50, 200);
    const stream = freshStream();
    const filter = { streams: [stream] };
    await write(server.store, stream, 100);
    const live = await server.connect('ann');
    await live.caughtUp('now', { filter });
    await live.caughtUp('start', { filter, from: 'start' });
    for (let first = 100; first < 400; first += 100) {
      const before = server.logged.filter((message) => message === lost).length;
      await server.stopStore();
      // Asked for while there is no store.
      live.subscribe(`from ${first}`, { filter, from: 'start' });
      await eventually(
        () => server.logged.filter((message) => message === lost).length > before,
        'the feed noticed',
      );
      await server.startStore();
      await writeOnceThere(() => write(server.store, stream, 100, { first }));
    }
    expect(numbers(await live.told('now', 300))).toEqual(upTo(400).slice(100));
    for (const id of ['start', 'from 100', 'from 200', 'from 300'])
      expect(numbers(await live.told(id, 400))).toEqual(upTo(400));
    await live.isServed();
    expect(live.events('now')).toHaveLength(300);
    await live.end();
  });

  it('tells what was written before the feed was back', async () => {
    // A feed that takes its time to come back.
    const server = await startServer(4_000, 4_000);
    const stream = freshStream();
    const client = await server.connect('ann');
    await client.caughtUp('a', { filter: { streams: [stream] } });
    await server.stopStore();
    await eventually(() => server.logged.includes(lost), 'the feed noticed');
    await server.startStore();
    await writeOnceThere(() => write(server.store, stream, 50));
    expect(client.events('a')).toEqual([]);
    expect(numbers(await client.told('a', 50))).toEqual(upTo(50));
    await client.end();
  });

  it('starts without it, and answers once it is there', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'forkline-feed-'));
    const first = await startEventStore({ dataDir });
    await first.stop();
    const store = connectEventStore(first.url);
    const feed = startFeed(store, pino({ level: 'silent' }), { retry: { firstMs: 50 } });
    const told: unknown[] = [];
    const stop = feed.follow(
      { caller: { userId: 'ann', admin: false }, filter: {}, from: 'now' },
      {
        room: () => undefined,
        started: () => told.push('started'),
        event: ({ json }) => told.push(JSON.parse(String(json)).data.n),
        caughtUp: () => told.push('caughtUp'),
        failed: (error) => told.push(error),
        ended: () => told.push('ended'),
      },
    );
    const second = await startEventStore({ dataDir, port: first.port });
    await eventually(() => told.length === 2, 'an answer');
    await writeOnceThere(() => write(store, freshStream(), 3));
    await eventually(() => told.length === 5, 'three events');
    expect(told).toEqual(['started', 'caughtUp', 0, 1, 2]);
    stop();
    await feed.stop();
    await second.stop();
    void store.close();
    await rm(dataDir, { recursive: true });
  });
});

describe('an event that cannot be read', () => {
  it('is passed over, and those after it are told, from the past and live', async () => {
    const server = await startServer(20, 50);
    const [good, bad] = [freshStream(), freshStream()];
    const writeBad = (stream: string) =>
      server.store.append(stream, [eventOf('MessageDeleted', { messageId: 7 }, stream)], 'none');
    await write(server.store, good, 1);
    await writeBad(bad);
    await write(server.store, good, 1, { first: 1 });
    const client = await server.connect('ann');
    client.subscribe('a', { filter: { streams: [good, bad] }, from: 'start' });
    await client.told('a', 2);
    await writeBad(freshStream());
    await write(server.store, good, 1, { first: 2 });
    const told = await client.told('a', 3);
    expect(told.map(({ stream, revision }) => [stream, revision])).toEqual([
      [good, 0],
      [good, 1],
      [good, 2],
    ]);
    await client.end();
  });
});

/** The store's client may still believe in the connection that was lost, once. */
const writeOnceThere = async (write: () => Promise<unknown>): Promise<void> => {
  for (;;) {
    try {
      await write();
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
};
