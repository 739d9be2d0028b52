import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import type { ClientFrame, ServerFrame } from './feed-frames.js';
import { ForklineError, problemError, unreachable } from './forkline-error.js';

/** How a connection ended. */
export type Closing = Readonly<{
  /** The code it was closed with; 1006 when it broke or was never open. */
  code: number;
  /** `disconnected` when it was open before; else why it was not to be opened. */
  reason: ForklineError;
}>;

export type FeedSocket = Readonly<{
  send(frame: ClientFrame): void;
  close(): void;
  closed: Promise<Closing>;
}>;

export type FeedSocketOptions = Readonly<{
  headers: Readonly<Record<string, string>>;
  onOpen: () => void;
  onFrame: (frame: ServerFrame) => void;
}>;

/** A connection on which nothing arrives for so long is asked for a sign of life, then given up. */
const heartbeatMs = 20_000;
const handshakeMs = 10_000;
const goodbyeMs = 2_000;

/** Opens one WebSocket to the feed. */
export const openFeedSocket = (
  address: URL,
  { headers, onOpen, onFrame }: FeedSocketOptions,
): FeedSocket => {
  const settings = {
    headers,
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
    // Newer than the types of ws: how long a goodbye may take to be answered.
    closeTimeout: goodbyeMs,
  };
  const socket = new WebSocket(address, ['forkline.v1'], settings);
  const send = (frame: ClientFrame) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  const heart = heartbeat(socket, () => send({ op: 'ping' }));
  let failure: ForklineError | undefined;

  socket.on('open', onOpen);
  socket.on('message', (message) => {
    heart.heard();
    const frame = frameIn(String(message));
    if (frame) onFrame(frame);
    else socket.close(1007, 'not JSON');
  });
  socket.on('error', (error) => {
    failure ??= unreachable(address.origin, error);
  });
  socket.on('unexpected-response', (_request, response) => {
    void text(response)
      .catch(() => '')
      .then((body) => {
        const { statusCode = 0, headers } = response;
        failure = problemError(statusCode, body, headers['retry-after']);
        socket.terminate();
      });
  });

  return {
    send,
    close: () => socket.close(1000),
    closed: new Promise((resolve) => {
      socket.on('close', (code, said) => {
        heart.stop();
        resolve({ code, reason: failure ?? disconnected(code, said.toString()) });
      });
    }),
  };
};

const disconnected = (code: number, said: string): ForklineError =>
  new ForklineError(0, 'disconnected', {
    detail: `the feed's connection was lost (${said === '' ? code : `${code}, ${said}`})`,
  });

const frameIn = (message: string): ServerFrame | undefined => {
  try {
    return JSON.parse(message) as ServerFrame;
  } catch {
    return undefined;
  }
};

/** Gives up a socket that is open but dead: a lost network does not close connections. */
const heartbeat = (socket: WebSocket, ping: () => void) => {
  let isQuiet = false;
  const timer = setInterval(() => {
    if (isQuiet) socket.terminate();
    isQuiet = true;
    ping();
  }, heartbeatMs);
  return {
    heard: () => {
      isQuiet = false;
    },
    stop: () => clearInterval(timer),
  };
};
