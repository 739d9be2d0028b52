import {
  type Closing,
  disconnected,
  frameIn,
  heartbeat,
  type OpenFeedSocket,
  subprotocol,
  type WebSocketConstructor,
} from './feed-socket.js';
import { ForklineError, unreachable } from './forkline-error.js';

/** WebSocket.OPEN, https://websockets.spec.whatwg.org/#dom-websocket-readystate */
const open = 1;
/** Codes that a page may close with are 1000 and from 3000 on. */
const goodbye = 1000;
const notJson = 4007;
const handshakeMs = 10_000;

/**
 * Opens a WebSocket as browsers have it: the token goes in the address, and of being turned down it
 * hears no more than that there is no connection.
 *
 * @throws ForklineError `unsupported` where there is no WebSocket, or for a caller named by `userId`
 *   alone, which only headers can
 */
export const openWebFeedSocket: OpenFeedSocket = (address, { client, onOpen, onFrame }) => {
  const { token, userId, WebSocket: Socket = globalWebSocket() } = client;
  if (!Socket) throw unsupported('there is no WebSocket here: give the client one');
  if (token === undefined && userId !== undefined)
    throw unsupported('a browser cannot say who calls on the feed: give the client a token');
  const named = new URL(address);
  if (token !== undefined) named.searchParams.set('access_token', token);

  const socket = new Socket(String(named), [subprotocol]);
  const send = (frame: object) => {
    if (socket.readyState === open) socket.send(JSON.stringify(frame));
  };
  let wasOpen = false;
  let end: (closing: Closing) => void = () => {};
  const closed = new Promise<Closing>((resolve) => {
    end = resolve;
  });
  /** What is dead may take minutes to close: that is not waited for. */
  const giveUp = () => {
    over(1006, 'nothing arrives any more');
    socket.close(goodbye);
  };
  const heart = heartbeat(() => send({ op: 'ping' }), giveUp);
  const handshake = setTimeout(giveUp, handshakeMs);
  const over = (code: number, said: string) => {
    heart.stop();
    clearTimeout(handshake);
    const reason = wasOpen
      ? disconnected(code, said)
      : unreachable(address.origin, new Error('the WebSocket was not opened'));
    end({ code, reason });
  };

  socket.onopen = () => {
    wasOpen = true;
    clearTimeout(handshake);
    onOpen();
  };
  socket.onmessage = ({ data }: Readonly<{ data: unknown }>) => {
    heart.heard();
    const frame = frameIn(String(data));
    if (frame) onFrame(frame);
    else socket.close(notJson, 'not JSON');
  };
  // What went wrong is not told, and a close follows.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }: Readonly<{ code: number; reason: string }>) =>
    over(code, reason);

  return {
    send,
    close: () => socket.close(goodbye),
    closed,
  };
};

const unsupported = (detail: string) => new ForklineError(0, 'unsupported', { detail });

// Not every platform has one, which the types of the platform at hand do not say.
const globalWebSocket = (): WebSocketConstructor | undefined =>
  (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket;
