import type { ClientFrame, ServerFrame } from './feed-frames.js';
import { ForklineError } from './forkline-error.js';
import type { ClientOptions } from './transport.js';

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
  client: ClientOptions;
  onOpen: () => void;
  onFrame: (frame: ServerFrame) => void;
}>;

/** Opens one WebSocket to the feed. */
export type OpenFeedSocket = (address: URL, options: FeedSocketOptions) => FeedSocket;

/** The part of a browser's WebSocket that the feed needs. */
export type WebSocketLike = {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
};

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The protocol of the feed and its version, which the client offers as it opens a WebSocket. */
export const subprotocol = 'forkline.v1';

/**
 * The error for a connection of the feed that was lost: status 0, code `disconnected`.
 *
 * @param code the close code of the WebSocket (RFC 6455, 7.4)
 * @param said the reason that came with it; may be empty
 */
export const disconnected = (code: number, said: string): ForklineError =>
  new ForklineError(0, 'disconnected', {
    detail: `the feed's connection was lost (${said === '' ? code : `${code}, ${said}`})`,
  });

/** What the server said in a message; undefined when it is no JSON. */
export const frameIn = (message: string): ServerFrame | undefined => {
  try {
    return JSON.parse(message) as ServerFrame;
  } catch {
    return undefined;
  }
};

/** A connection on which nothing arrives for so long is asked for a sign of life, then given up. */
const heartbeatMs = 20_000;

/** Gives up a socket that is open but dead: a lost network does not close connections. */
export const heartbeat = (ping: () => void, giveUp: () => void) => {
  let isQuiet = false;
  const timer = setInterval(() => {
    if (isQuiet) giveUp();
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
