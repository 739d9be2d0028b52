import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { eventOf, freshStream, numbers, upTo, write } from './support/events.js';
import type { FeedClient } from './support/feed-client.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';
import { eventually } from './support/waiting.js';

const kib = 1024;

let server: FeedServer;
beforeAll(async () => {
  server = await startFeedServer();
});
afterAll(() => server.stop());

/** Writes events of 64 KiB, which fill the buffers of a connection soon. */
const writeLarge = async (store: EventStore, stream: string, count: number): Promise<void> => {
  const text = 'x'.repeat(64 * kib);
  for (let n = 0; n < count; n += 10) {
    const events = Array.from({ length: 10 }, (_, i) =>
      eventOf('Large', { n: n + i, text }, stream),
    );
    await store.append(stream, events, n === 0 ? 'none' : n - 1);
  }
};

/** Connects a client whose end of the connection on the server is known. */
const connectKnown = async (to: FeedServer): Promise<{ client: FeedClient; socket: Socket }> => {
  const connected = once(to.http, 'connection');
  const client = await to.connect('ann');
  const [socket] = (await connected) as [Socket];
  return { client, socket };
};

describe('a client that never reads', () => {
  it('is closed with 4008 and where it can resume, and disturbs no other', async () => {
    const stream = freshStream();
    const filter = { streams: [stream] };
    const { client: idle, socket } = await connectKnown(server);
    const busy = await server.connect('ann');
    await idle.caughtUp('a', { filter });
    await busy.caughtUp('a', { filter });
    idle.socket.pause();
    await writeLarge(server.store, stream, 400);
    expect(numbers(await busy.told('a', 400))).toEqual(upTo(400));
    expect(socket.writableLength).toBeLessThan(1.2 * kib * kib);

    idle.socket.resume();
    await idle.until(({ closed }) => closed !== undefined);
    const told = idle.events('a');
    expect(told.length).toBeLessThan(400);
    expect(idle.closed).toEqual({ code: 4008, reason: told.at(-1)?.position });

    const back = await server.connect('ann');
    back.subscribe('a', { filter, from: idle.closed?.reason ?? '' });
    expect(numbers([...told, ...(await back.told('a', 400 - told.length))])).toEqual(upTo(400));
    await Promise.all([busy.end(), back.end()]);
  });

  it('is closed also when it only ever asks', async () => {
    const { client, socket } = await connectKnown(server);
    await client.caughtUp('a', { filter: { streams: ['none-0'] } });
    client.socket.pause();
    const ask = JSON.stringify({ op: 'unsubscribe', id: 'x'.repeat(128) });
    let hasGone = false;
    socket.once('close', () => {
      hasGone = true;
    });
    // Asks for as long as the server takes it.
    while (socket.writableLength < kib * kib && !hasGone) {
      for (let n = 0; n < 1_000; n++) client.say(ask);
      await eventually(() => client.socket.bufferedAmount === 0, 'the server reads');
    }
    client.socket.resume();
    await client.until(({ closed }) => closed !== undefined);
    expect(client.closed?.code).toBe(4008);
    expect(socket.writableLength).toBeLessThan(1.2 * kib * kib);
  });
});

describe('a slow reader of the past', () => {
  it('costs little memory and is not closed', async () => {
    const stream = freshStream();
    await writeLarge(server.store, stream, 400);
    const { client, socket } = await connectKnown(server);
    client.subscribe('a', { filter: { streams: [stream] }, from: 'start' });
    let most = 0;
    for (let stops = 1; stops <= 5; stops++) {
      await client.told('a', stops * 20);
      client.socket.pause();
      await eventually(() => socket.writableLength >= 256 * kib, 'the connection is full');
      most = Math.max(most, socket.writableLength);
      client.socket.resume();
    }
    expect(numbers(await client.told('a', 400))).toEqual(upTo(400));
    await client.until(() => client.of('a').at(-1)?.op === 'caughtUp');
    // One event past what holds reading back, and what frames it.
    expect(most).toBeLessThan((256 + 64 + 4) * kib);
    expect(client.closed).toBeUndefined();
    await client.end();
  });
});

describe('acknowledging', () => {
  it('closes a client with 4008 once a thousand events are unacknowledged', async () => {
    const stream = freshStream();
    const client = await server.connect('ann');
    await client.caughtUp('a', { filter: { streams: [stream] } });
    client.ack('a', client.of('a').at(-1)?.position ?? '');
    await client.isServed();
    await write(server.store, stream, 1_000);
    await client.told('a', 1_000);
    await client.isServed();
    expect(client.closed).toBeUndefined();
    await write(server.store, stream, 50, { first: 1_000 });
    await client.until(({ closed }) => closed !== undefined);
    expect(client.closed).toEqual({ code: 4008, reason: client.events('a').at(-1)?.position });
    expect(client.events('a')).toHaveLength(1_000);
  });

  it('leaves a client alone that keeps acknowledging, and one that never does', async () => {
    const stream = freshStream();
    const clients = await Promise.all([server.connect('ann'), server.connect('ann')]);
    const [acking, silent] = clients as [FeedClient, FeedClient];
    for (const client of clients) await client.caughtUp('a', { filter: { streams: [stream] } });
    for (let first = 0; first < 2_400; first += 800) {
      await write(server.store, stream, 800, { first });
      const told = await acking.told('a', first + 800);
      acking.ack('a', told.at(-1)?.position ?? '');
    }
    expect(numbers(acking.events('a'))).toEqual(upTo(2_400));
    expect(numbers(await silent.told('a', 2_400))).toEqual(upTo(2_400));
    await Promise.all(clients.map((client) => client.end()));
  });

  it('holds the past back at a full window, and goes on as it is acknowledged', async () => {
    const stream = freshStream();
    await write(server.store, stream, 2_700);
    const client = await server.connect('ann');
    client.subscribe('a', { filter: { streams: [stream] }, from: 'start' });
    client.ack('a', '0');
    for (let told = 1_000; told < 2_700; told += 1_000) {
      await client.told('a', told);
      await client.isServed();
      expect(client.events('a')).toHaveLength(told);
      client.ack('a', client.events('a').at(-1)?.position ?? '');
    }
    expect(numbers(await client.told('a', 2_700))).toEqual(upTo(2_700));
    await client.until(() => client.of('a').at(-1)?.op === 'caughtUp');
    await client.end();
  });
});
