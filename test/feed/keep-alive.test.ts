import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventOf, freshStream, numbers, upTo } from './support/events.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';
import { eventually, Waiting } from './support/waiting.js';

// Far more than the buffers of a connection take.
const eventCount = 400;

let server: FeedServer;
/** Its periods are long enough for a client to take something in each, on a machine that is busy too. */
let patient: FeedServer;
beforeAll(async () => {
  server = await startFeedServer({ webSocket: { pingIntervalMs: 1_000 } });
  patient = await startFeedServer({ webSocket: { pingIntervalMs: 3_000 } });
});
afterAll(() => Promise.all([server.stop(), patient.stop()]));

/** Opens a WebSocket by hand, which never answers anything by itself. */
const openByHand = async (to: FeedServer): Promise<Socket> => {
  const socket = connect(to.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    'GET /v1/feed HTTP/1.1\r\nHost: localhost\r\nX-User-Id: ann\r\nConnection: Upgrade\r\n' +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
};

/** A text frame from a client, masked with zeros. */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

/** An empty pong from a client. */
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

const writeLarge = async ({ store }: FeedServer, stream: string, count: number): Promise<void> => {
  const text = 'x'.repeat(64 * 1024);
  for (let n = 0; n < count; n += 10) {
    const events = Array.from({ length: 10 }, (_, i) =>
      eventOf('Large', { n: n + i, text }, stream),
    );
    await store.append(stream, events, n === 0 ? 'none' : n - 1);
  }
};

/** Has a client by hand subscribe to much and read none of it, until its connection is full. */
const fullOfPast = async (
  to: FeedServer,
): Promise<{ socket: Socket; served: Socket; stream: string }> => {
  const stream = freshStream();
  await writeLarge(to, stream, eventCount);
  const connected = once(to.http, 'connection');
  const socket = await openByHand(to);
  const [served] = (await connected) as [Socket];
  // Gives signs of life until more is on its way than it will take in.
  const living = setInterval(() => socket.write(pong), 20);
  const ask = { op: 'subscribe', id: 'a', filter: { streams: [stream] }, from: 'start' };
  socket.write(frame(JSON.stringify(ask)));
  socket.pause();
  await eventually(() => served.writableLength >= 256 * 1024, 'the connection is full');
  clearInterval(living);
  return { socket, served, stream };
};

describe('keeping alive', () => {
  it('leaves an idle client alone that answers pings', async () => {
    const client = await server.connect('ann');
    const waiting = new Waiting();
    let pings = 0;
    client.socket.on('ping', () => {
      pings += 1;
      waiting.happened();
    });
    await waiting.until(
      () => pings >= 3,
      () => `${pings} pings`,
    );
    await client.isServed();
    await client.end();
  });

  it('drops a client that answers nothing', async () => {
    const socket = await openByHand(server);
    await once(socket, 'close');
    expect(socket.bytesRead).toBeGreaterThan(0);
  });

  it('closes a client with 4008 that stops reading in the midst of the past', async () => {
    const { socket, stream } = await fullOfPast(server);
    const tooSlow = 'a client of the feed was closed: it is too slow';
    await eventually(() => server.logged.includes(tooSlow), tooSlow);

    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
    await once(socket, 'end');
    const read = Buffer.concat(chunks);
    const close = read.lastIndexOf(0x88);
    const reason = read.toString('latin1', close + 4);
    expect(read.readUInt16BE(close + 2)).toBe(4008);
    expect(
      read
        .toString('latin1')
        .match(/"position":"\d+"/g)
        ?.at(-1),
    ).toBe(`"position":"${reason}"`);

    const told = read.toString('latin1').split('{"op":"event"').length - 1;
    const back = await server.connect('ann');
    back.subscribe('a', { filter: { streams: [stream] }, from: reason });
    expect(numbers(await back.told('a', eventCount - told))).toEqual(upTo(eventCount).slice(told));
    await back.end();
  });

  it('leaves a client alone that is busy with the past and has not come to the pings yet', async () => {
    const { socket, served } = await fullOfPast(patient);

    // At each ping that another client gets, reads until that shows at the server, and answers none. No more
    // than that: the system's buffers grow as it reads, and once all of the past is in them it is busy no longer.
    const sent = () => served.bytesWritten - served.writableLength;
    let before = 0;
    socket.on('data', () => {
      if (sent() > before) socket.pause();
    });
    const periods = await patient.connect('ann');
    let pings = 0;
    periods.socket.on('ping', () => {
      pings += 1;
      before = sent();
      socket.resume();
    });
    await eventually(() => pings >= 3 || socket.closed, 'three pings');
    expect(socket.closed).toBe(false);
    socket.destroy();
    await periods.end();
  });
});
