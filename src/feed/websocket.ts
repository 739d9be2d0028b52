import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '../commands/request.js';
import { closeTimeoutMs } from './close-timeout.js';
import { Connection, type ConnectionLimits } from './connection.js';
import { takeTokenFromQuery } from './credentials.js';
import { eventFrames } from './event-frames.js';
import type { Feed } from './feed.js';
import { asksForWebSocket, ignoreUpgrade } from './ignore-upgrade.js';
import { keepAlive } from './keep-alive.js';
import { outlets } from './outlet.js';
import { pathOf, type Refusal, refuseUpgrade, stopping } from './refusal.js';
import { noLongerAdmitted, whileAdmitted } from './while-admitted.js';

const feedPath = '/v1/feed';
const subprotocol = 'forkline.v1';

export type WebSocketOptions = Readonly<{
  limits?: Partial<ConnectionLimits>;
  /** How often clients are pinged; one that does not answer by the next time is dropped. 30 s by default. */
  pingIntervalMs?: number;
  /** How long clients may take to go when the feed stops. 2 s by default. */
  goodbyeMs?: number;
  /** Whether a client that was let in as somebody still is them; it may stay by default. */
  mayStay?: (request: IncomingMessage, caller: Caller) => Promise<boolean>;
  /** How often that is asked. 60 s by default. */
  mayStayEveryMs?: number;
  /** Why a client is not let in, whoever it may be: such as a page of a site that may not. */
  keepOut?: (request: IncomingMessage) => Refusal | undefined;
  /** Why a client that could be let in is not, such as that it comes too often; asked also for those nobody knows. */
  refuse?: (request: IncomingMessage, caller: Caller | undefined) => Promise<Refusal | undefined>;
}>;

const defaultLimits: ConnectionLimits = {
  subscriptions: 1_000,
  unacknowledged: 1_000,
  bufferedBytes: 1024 * 1024,
  pacedBytes: 256 * 1024,
  messageBytes: 64 * 1024,
};

// A message that is too large is answered up to so many times the limit; past that the connection ends.
const answeredExcess = 16;

const goingAway = 1001;

/**
 * Serves the feed over WebSockets on a server's `/v1/feed`, until the feed stops.
 *
 * @param identify who a request comes from, or why it is turned down: with 401 when undefined
 */
export const attachFeed = (
  server: Server,
  feed: Feed,
  identify: (request: IncomingMessage) => Promise<Caller | Refusal | undefined>,
  options: WebSocketOptions = {},
): void => {
  const { pingIntervalMs = 30_000, goodbyeMs = 2_000 } = options;
  const { mayStay, mayStayEveryMs = 60_000 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const settings = {
    noServer: true,
    maxPayload: limits.messageBytes * answeredExcess,
    // Newer than the types of ws.
    closeTimeout: closeTimeoutMs,
    handleProtocols: () => subprotocol,
  };
  const sockets = new WebSocketServer(settings);
  const pings = new Map<WebSocket, () => void>();
  const pinging = setInterval(() => {
    for (const ping of pings.values()) ping();
  }, pingIntervalMs).unref();

  const frames = eventFrames();
  const ways = outlets();

  const accept = (socket: WebSocket, request: IncomingMessage, caller: Caller) => {
    // ws reports what it made of a broken frame and closes by itself.
    socket.on('error', (err) => feed.log.debug({ err }, 'a client of the feed broke the protocol'));
    const outlet = ways.to(request.socket, socket);
    const client = { socket, outlet, frames, caller };
    pings.set(socket, keepAlive(socket, new Connection(client, feed, limits)));
    feed.watch.opened('websocket');
    socket.once('close', () => feed.watch.closed('websocket'));
    socket.once('close', () => pings.delete(socket));
    if (!mayStay) return;
    const leave = () => socket.close(noLongerAdmitted, 'the token is no longer taken');
    socket.once(
      'close',
      whileAdmitted(() => mayStay(request, caller), mayStayEveryMs, leave),
    );
  };

  const callerOf = async (request: IncomingMessage): Promise<Caller | Refusal> => {
    try {
      return (await identify(request)) ?? unauthorized;
    } catch (err) {
      feed.log.error({ err }, 'cannot tell who a client of the feed is');
      return unidentifiable;
    }
  };

  /** Browsers let any page open a WebSocket to anywhere, this machine included, and send it what is theirs. */
  const admit = async (request: IncomingMessage): Promise<Caller | Refusal> => {
    if (pathOf(request) !== feedPath) return notFound;
    if (!offersSubprotocol(request)) return unknownSubprotocol;
    const keptOut = options.keepOut?.(request);
    if (keptOut) return keptOut;
    takeTokenFromQuery(request);
    const caller = await callerOf(request);
    const refusal = await options.refuse?.(request, 'code' in caller ? undefined : caller);
    if (refusal) return refusal;
    if ('code' in caller) return caller;
    return feed.isStopping() ? stopping : caller;
  };

  const onUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!asksForWebSocket(request)) return ignoreUpgrade(server, request, socket, head);
    // The client may be gone before it is answered; there is nobody to tell.
    socket.on('error', () => undefined);
    const admitted = await admit(request);
    if ('code' in admitted) return refuseUpgrade(request, socket, admitted);
    sockets.handleUpgrade(request, socket, head, (opened) => accept(opened, request, admitted));
  };

  // From 24.9 on, Node asks before it gives up reading a request; it then has no use for what ignores others.
  Object.assign(server, { shouldUpgradeCallback: asksForWebSocket });
  server.on('upgrade', (request, socket, head) => void onUpgrade(request, socket, head));
  sockets.on('wsClientError', ({ message }, socket, request) =>
    refuseUpgrade(request, socket, badHandshake(message)),
  );

  feed.onStop(async () => {
    clearInterval(pinging);
    const open = [...pings.keys()];
    const gone = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of open) socket.close(goingAway, 'the server stops');
    const late = setTimeout(() => {
      for (const socket of open) socket.terminate();
    }, goodbyeMs);
    await Promise.all(gone);
    clearTimeout(late);
  });
};

const offersSubprotocol = ({ headers }: IncomingMessage): boolean => {
  const offered = headers['sec-websocket-protocol'];
  return !offered || offered.split(',').some((name) => name.trim() === subprotocol);
};

const notFound: Refusal = {
  code: 'not-found',
  detail: `there is no WebSocket here; the feed is at ${feedPath}`,
};

const unknownSubprotocol: Refusal = {
  code: 'unknown-subprotocol',
  detail: `of subprotocols, only ${subprotocol} is spoken here`,
  errors: [{ path: 'Sec-WebSocket-Protocol', message: `must offer ${subprotocol}` }],
};

const unauthorized: Refusal = {
  code: 'unauthorized',
  detail: 'a token is needed, in the header Authorization or the query parameter access_token',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

const unidentifiable: Refusal = {
  code: 'identification-unavailable',
  detail: 'at present there is no telling who you are',
  headers: { 'Retry-After': '1' },
};

const badHandshake = (detail: string): Refusal => ({
  code: 'bad-handshake',
  detail,
  errors: [{ path: 'handshake', message: detail }],
  headers: { 'Sec-WebSocket-Version': '13' },
});
