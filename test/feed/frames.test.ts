import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import * as ws from 'ws';
import { WebSocket } from 'ws';
import { eventFrames, frameAround } from '../../src/feed/event-frames.js';
import type { FeedEvent } from '../../src/feed/feed-event.js';
import { outlets } from '../../src/feed/outlet.js';

const eventOfSize = (size: number): FeedEvent => ({
  position: 1,
  names: { stream: [], session: [], owner: [], type: [], topic: [], category: [] },
  json: Buffer.from(JSON.stringify({ text: 'ü'.repeat(size) })),
});

// Not in the types of ws.
type Receiver = new (options: object) => NodeJS.WritableStream;
const { Receiver } = ws as unknown as { Receiver: Receiver };

/** What a WebSocket client makes of bytes. */
const received = async (bytes: Buffer): Promise<string> => {
  const receiver = new Receiver({ isServer: false });
  const message = once(receiver, 'message');
  receiver.write(bytes);
  const [data, isBinary] = await message;
  expect(isBinary).toBe(false);
  return String(data);
};

describe('a frame of an event', () => {
  it.each([0, 1, 20, 40, 100, 8_000, 16_000, 32_700, 40_000])(
    'says what it says at a size of %i characters',
    async (size) => {
      const event = eventOfSize(size);
      const frames = eventFrames();
      for (const id of ['a', 'ü"\n', 'x'.repeat(128)]) {
        const bytes = Buffer.concat(frames.frame(frames.headOf(id), event).bytes);
        const message = { op: 'event', id, event: JSON.parse(String(event.json)) };
        expect(JSON.parse(await received(bytes))).toEqual(message);
      }
    },
  );

  it('is the same bytes for all subscriptions with the same id, and of a large event for all', () => {
    const frames = eventFrames();
    const [small, large] = [eventOfSize(10), eventOfSize(40_000)];
    const frame = frames.frame(frames.headOf('a'), small);
    expect(frames.frame(frames.headOf('a'), small)).toBe(frame);
    expect(frames.frame(frames.headOf('b'), small)).not.toBe(frame);
    expect(frames.frame(frames.headOf('a'), large).bytes[1]).toBe(large.json);
    expect(frames.frame(frames.headOf('b'), large).bytes[1]).toBe(large.json);
    expect(frames.frame(frames.headOf('a'), small).bytes).toEqual(frame.bytes);
  });
});

/** Two ends of a connection, of which one is written to. */
const connected = async (): Promise<{ near: Socket; far: Socket; end(): void }> => {
  const server = createServer();
  const accepted = once(server.listen(0, '127.0.0.1'), 'connection');
  await once(server, 'listening');
  const far = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [near] = (await accepted) as [Socket];
  return { near, far, end: () => void [far.destroy(), near.destroy(), server.close()] };
};

const always = { readyState: WebSocket.OPEN, OPEN: WebSocket.OPEN } as const;

const numbered = (position: number): FeedEvent => ({
  ...eventOfSize(0),
  position,
  json: Buffer.from(`${position}`),
});

describe('an outlet', () => {
  it('sends what is written in one go together, in order with what others write', async () => {
    const { near, far, end } = await connected();
    const chunks: string[] = [];
    far.on('data', (chunk) => chunks.push(String(chunk)));
    const outlet = outlets().to(near, always);
    const write = (...parts: string[]) =>
      outlet.write(frameAround(parts.map((part) => Buffer.from(part))), false);
    write('a');
    write('b');
    expect(outlet.backlog).toBe(2);
    outlet.flush();
    near.write('c');
    write('d');
    write('e', 'f');
    write('g');
    await once(far, 'data');
    outlet.flush();
    near.end();
    await once(far, 'end');
    expect(chunks.join('')).toBe('abcdefg');
    end();
  });

  it('gives several connections what is the same, each its own of what is not', async () => {
    const pairs = await Promise.all([connected(), connected(), connected()]);
    const all = outlets();
    const texts = pairs.map(({ near, far }, n) => {
      const chunks: string[] = [];
      far.on('data', (chunk) => chunks.push(String(chunk)));
      const outlet = all.to(near, always);
      outlet.write(frameAround([shared[0]]), false);
      outlet.write(frameAround([n === 1 ? Buffer.from('own') : shared[1]]), false);
      return chunks;
    });
    await Promise.all(pairs.map(({ far }) => once(far, 'data')));
    expect(texts.map((chunks) => chunks.join(''))).toEqual(['onetwo', 'oneown', 'onetwo']);
    for (const { end } of pairs) end();
  });

  it('sends each connection the frames it was given, and no others of the same row', async () => {
    const pairs = await Promise.all([connected(), connected(), connected(), connected()]);
    const all = outlets();
    const frames = eventFrames();
    const wanted = [[1, 2, 3, 4], [1, 3, 4], [2, 3], [4]];
    const ends = pairs.map(({ near, far }) => {
      const chunks: Buffer[] = [];
      far.on('data', (chunk) => chunks.push(chunk));
      const ended = once(far, 'end').then(() => String(Buffer.concat(chunks)));
      return { near, outlet: all.to(near, always), ended };
    });
    for (const position of [1, 2, 3, 4]) {
      const event = numbered(position);
      for (const [n, { outlet }] of ends.entries())
        if (wanted[n]!.includes(position))
          outlet.write(frames.frame(frames.headOf('a'), event), false);
    }
    for (const { outlet, near } of ends) {
      outlet.flush();
      near.end();
    }
    const got = await Promise.all(ends.map(({ ended }) => ended));
    expect(
      got.map((text) => [...text.matchAll(/"event":(\d)/g)].map(([, n]) => Number(n))),
    ).toEqual(wanted);
    for (const { end } of pairs) end();
  });

  it('knows of what waits in the socket whether it is over a limit', async () => {
    const { near, far, end } = await connected();
    const outlet = outlets().to(near, always);
    far.pause();
    const block = frameAround([Buffer.alloc(10_000)]);
    while (near.writableLength < 500_000) {
      expect(outlet.isOver(outlet.backlog)).toBe(false);
      expect(outlet.isOver(outlet.backlog - 1)).toBe(true);
      outlet.write(block, false);
    }
    expect(outlet.isOver(500_000)).toBe(true);
    end();
  });

  it('holds little back, and tells what was taken', async () => {
    const { near, far, end } = await connected();
    const outlet = outlets().to(near, always);
    const block = Buffer.alloc(10_000);
    outlet.write(frameAround([block]), false);
    expect([outlet.backlog, outlet.taken]).toEqual([10_000, 0]);
    for (let n = 0; n < 6; n++) outlet.write(frameAround([block]), false);
    expect(outlet.backlog).toBe(0);
    expect(outlet.taken).toBe(70_000);
    far.pause();
    while (outlet.backlog < 1_000_000) outlet.write(frameAround([block]), false);
    const emptied = new Promise<void>((resolve) => outlet.onEmptied(resolve));
    far.resume();
    await emptied;
    expect(outlet.taken).toBe(near.bytesWritten);
    end();
  });

  it('sends nothing more once the connection is closing', async () => {
    const { near, far, end } = await connected();
    const state: { readyState: WebSocket['readyState']; OPEN: typeof WebSocket.OPEN } = {
      ...always,
    };
    const outlet = outlets().to(near, state);
    outlet.write(frameAround([Buffer.from('late')]), false);
    state.readyState = WebSocket.CLOSING;
    const chunks: string[] = [];
    far.on('data', (chunk) => chunks.push(String(chunk)));
    outlet.flush();
    near.end('goodbye');
    await once(far, 'end');
    expect(chunks.join('')).toBe('goodbye');
    end();
  });
});

const shared = [Buffer.from('one'), Buffer.from('two')] as const;
