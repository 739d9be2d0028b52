import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ForklineEvent } from '../../src/client/client.js';
import type { Json } from '../support/api.js';

/** One connection to the peer: what the client says on it, one after another, and a way to answer. */
export type PeerConnection = Readonly<{
  socket: WebSocket;
  request: IncomingMessage;
  /** The next thing said that is not an acknowledgement or a ping. */
  said(): Promise<Json>;
  acknowledged: readonly string[];
  say(frame: Json): void;
}>;

/** The other side of the feed, doing what a real server does only when things go wrong. */
export type FeedPeer = Readonly<{
  url: string;
  connected(): Promise<PeerConnection>;
  /** The next request to connect is answered with this instead. */
  refuseNext(status: number, problem: Json): void;
  close(): void;
}>;

export const startFeedPeer = async (): Promise<FeedPeer> => {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const connections = mailbox<PeerConnection>();
  let refusal: readonly [number, Json] | undefined;

  server.on('upgrade', (request, socket, head) => {
    if (refusal) {
      const [status, problem] = refusal;
      refusal = undefined;
      const body = JSON.stringify(problem);
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) =>
      connections.put(connectionOf(opened, request)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected: connections.take,
    refuseNext: (status, problem) => {
      refusal = [status, problem];
    },
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
    },
  };
};

const connectionOf = (socket: WebSocket, request: IncomingMessage): PeerConnection => {
  const said = mailbox<Json>();
  const acknowledged: string[] = [];
  socket.on('message', (message) => {
    const frame = JSON.parse(String(message)) as Json;
    if (frame.op === 'ack') acknowledged.push(frame.position);
    else if (frame.op === 'ping') socket.send('{"op":"pong"}');
    else said.put(frame);
  });
  return {
    ...{ socket, request, acknowledged },
    said: said.take,
    say: (frame) => socket.send(JSON.stringify(frame)),
  };
};

/** What comes, for those who wait for it. */
const mailbox = <Item>() => {
  const items: Item[] = [];
  const takers: ((item: Item) => void)[] = [];
  return {
    put: (item: Item) => {
      const taker = takers.shift();
      if (taker) taker(item);
      else items.push(item);
    },
    take: (): Promise<Item> => {
      const item = items.shift();
      return item === undefined
        ? new Promise((resolve) => takers.push(resolve))
        : Promise.resolve(item);
    },
  };
};

/** A message of the feed about an event at a position. */
export const eventFrame = (position: number): Json => ({
  op: 'event',
  id: 'feed',
  event: {
    id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`,
    type: 'MessagePosted',
    topic: 'chat.message.created',
    stream: 'session-00000000-0000-4000-8000-000000000001',
    revision: position,
    position: String(position),
    created: '2026-01-02T03:04:05.678Z',
    data: {},
    metadata: {},
  } satisfies ForklineEvent,
});
