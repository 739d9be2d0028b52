import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request as send } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counted, eventOf, freshStream, numbers, upTo, write } from './support/events.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';
import { SseClient } from './support/sse-client.js';
import { eventually } from './support/waiting.js';

const kib = 1024;

let server: FeedServer;
let hasty: FeedServer;
beforeAll(async () => {
  server = await startFeedServer();
  hasty = await startFeedServer({ sse: { keepAliveMs: 100 } });
});
afterAll(async () => {
  await server.stop();
  await hasty.stop();
});

const connect = (query: string, headers: Record<string, string> = {}): Promise<SseClient> =>
  SseClient.connect(server.port, 'ann', query, headers);

const writeLarge = async (
  { store }: FeedServer,
  stream: string,
  first: number,
  count: number,
): Promise<void> => {
  const text = 'x'.repeat(64 * kib);
  for (let n = first; n < first + count; n += 10) {
    const events = Array.from({ length: 10 }, (_, i) =>
      eventOf('Large', { n: n + i, text }, stream),
    );
    await store.append(stream, events, n === 0 ? 'none' : n - 1);
  }
};

describe('server-sent events', () => {
  it('tell the past, that it is told, and what happens then', async () => {
    const stream = freshStream();
    const position = await write(server.store, stream, 2, { atOnce: 1 });
    const client = await connect(`streams=${stream}&from=start`);
    expect(client.response.statusCode).toBe(200);
    expect(client.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await client.caughtUp();
    await write(server.store, stream, 1, { first: 2 });
    expect(numbers(await client.told(3))).toEqual([0, 1, 2]);
    const told = client.sent.filter(({ comment }) => comment === undefined);
    expect(told.map(({ event }) => event)).toEqual([
      'subscribed',
      undefined,
      undefined,
      'caughtUp',
      undefined,
    ]);
    expect(told[2]).toEqual({ id: `${position}`, data: JSON.stringify(client.events()[1]) });
    expect(told[3]).toEqual({
      id: expect.stringMatching(/^\d+$/),
      event: 'caughtUp',
      data: JSON.stringify({ position: told[3]?.id }),
    });
    client.end();
  });

  it('begin now by default, and go on after Last-Event-ID, which wins over from', async () => {
    const stream = freshStream();
    await write(server.store, stream, 5);
    const first = await connect(`streams=${stream}`);
    await first.caughtUp();
    await write(server.store, stream, 5, { first: 5 });
    expect(numbers(await first.told(5))).toEqual([5, 6, 7, 8, 9]);
    first.end();
    await write(server.store, stream, 5, { first: 10 });
    const back = await connect(`streams=${stream}&from=start`, { 'Last-Event-ID': first.lastId() });
    expect(numbers(await back.told(5))).toEqual([10, 11, 12, 13, 14]);
    back.end();
  });

  it('take lists separated by commas, and a session', async () => {
    const [one, two, execution] = [freshStream(), freshStream(), freshStream('execution')];
    const id = one.slice('session-'.length);
    await write(server.store, one, 1);
    await write(server.store, two, 1);
    await server.store.append(two, [eventOf('SessionPaused', {}, two)], 0);
    await server.store.append(execution, [counted(0, execution, { correlationId: id })], 'none');
    const streamsOf = async (query: string) => {
      const client = await connect(`${query}&from=start`);
      await client.caughtUp();
      client.end();
      return client.events().map(({ stream, type }) => `${stream} ${type}`);
    };
    expect(await streamsOf(`streams=${one},${two}&types=Counted,SessionPaused`)).toEqual([
      `${one} Counted`,
      `${two} Counted`,
      `${two} SessionPaused`,
    ]);
    expect(await streamsOf(`streams=${one},${two}&topics=chat.*,task.*`)).toEqual([
      `${two} SessionPaused`,
    ]);
    expect(await streamsOf(`sessionId=${id}&categories=execution,session`)).toEqual([
      `${one} Counted`,
      `${execution} Counted`,
    ]);
  });

  it('show only what the caller may see', async () => {
    const stream = freshStream();
    await write(server.store, stream, 1, { owner: 'ben' });
    await write(server.store, stream, 1, { first: 1, owner: 'ann' });
    const client = await connect(`streams=${stream}&from=start`);
    await client.caughtUp();
    expect(numbers(client.events())).toEqual([1]);
    client.end();
  });

  it('are kept alive by comments', async () => {
    const client = await SseClient.connect(hasty.port, 'ann', 'streams=none-0');
    await client.until(({ sent }) => sent.filter((it) => it.comment === '').length >= 3);
    client.end();
  });

  it.each([
    ['from=yesterday', 'from', {}],
    ['topics=', 'topics.0', {}],
    ['stream=a-1', '', {}],
    ['from=now', 'Last-Event-ID', { 'Last-Event-ID': 'seven' }],
  ])('are refused with 400 for %s, naming %p', async (query, path, more) => {
    const headers = { 'X-User-Id': 'ann', 'X-Request-Id': 'my-request', ...more };
    const request = send({ port: server.port, path: `/v1/feed/sse?${query}`, headers }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(text)).toMatchObject({
      status: 400,
      code: 'bad-request',
      instance: '/v1/feed/sse',
      requestId: 'my-request',
      errors: [{ path, message: expect.any(String) }],
    });
  });
});

describe('a client of server-sent events', () => {
  const connectKnown = async (
    to: FeedServer,
    query: string,
  ): Promise<{ client: SseClient; socket: Socket }> => {
    const connected = once(to.http, 'connection');
    const client = await SseClient.connect(to.port, 'ann', query);
    const [socket] = (await connected) as [Socket];
    return { client, socket };
  };

  it('that reads the past slowly costs little memory and gets all of it', async () => {
    const stream = freshStream();
    await writeLarge(server, stream, 0, 300);
    const { client, socket } = await connectKnown(server, `streams=${stream}&from=start`);
    await client.told(1);
    client.response.pause();
    await eventually(() => socket.writableLength >= 256 * kib, 'the connection is full');
    const most = socket.writableLength;
    client.response.resume();
    expect(numbers(await client.told(300))).toEqual(upTo(300));
    await client.caughtUp();
    expect(most).toBeLessThan((256 + 64 + 4) * kib);
    client.end();
  });

  it('that does not keep up is let go, and comes back to the rest', async () => {
    const stream = freshStream();
    const { client, socket } = await connectKnown(server, `streams=${stream}`);
    await client.caughtUp();
    client.response.pause();
    let written = 0;
    const tooSlow = 'a client of the feed was let go: it is too slow';
    while (!server.logged.includes(tooSlow)) {
      await writeLarge(server, stream, written, 10);
      written += 10;
      expect(socket.writableLength).toBeLessThan(1.3 * kib * kib);
    }
    client.response.resume();
    await client.until(({ isOver }) => isOver);
    const told = client.events();
    expect(told.length).toBeLessThan(written);
    const back = await connect(`streams=${stream}`, { 'Last-Event-ID': client.lastId() });
    const rest = await back.told(written - told.length);
    expect(numbers([...told, ...rest])).toEqual(upTo(written));
    back.end();
  });

  it('that takes nothing for long is dropped', async () => {
    const stream = freshStream();
    await writeLarge(hasty, stream, 0, 300);
    const { client, socket } = await connectKnown(hasty, `streams=${stream}&from=start`);
    client.response.pause();
    await once(socket, 'close');
    expect(client.events().length).toBeLessThan(300);
    client.end();
  });

  it('that goes leaves nothing behind', async () => {
    let following = 0;
    const feed = {
      ...server.feed,
      follow: (...request: Parameters<FeedServer['feed']['follow']>) => {
        following += 1;
        const stop = server.feed.follow(...request);
        return () => {
          following -= 1;
          stop();
        };
      },
    };
    const { serveFeedEvents } = await import('../../src/feed/sse.js');
    const original = server.http.listeners('request')[0] as RequestListener;
    server.http.removeListener('request', original);
    server.http.on('request', (request, response) =>
      serveFeedEvents(request, response, { userId: 'ann', admin: false }, feed),
    );
    const clients = await Promise.all([connect('from=start'), connect('from=now')]);
    for (const client of clients) await client.caughtUp();
    expect(following).toBe(2);
    for (const client of clients) client.end();
    await eventually(() => following === 0, 'nobody is followed');
    server.http.removeAllListeners('request').on('request', original);
  });
});

describe('stopping the feed', () => {
  it('ends responses', async () => {
    const stopping = await startFeedServer();
    const client = await SseClient.connect(stopping.port, 'ann', 'from=start');
    await client.caughtUp();
    await stopping.feed.stop();
    await client.until(({ isOver }) => isOver);
    expect(client.response.complete).toBe(true);
    const late = await SseClient.connect(stopping.port, 'ann', 'from=start');
    expect(late.response.statusCode).toBe(503);
    await stopping.stop();
  });
});
