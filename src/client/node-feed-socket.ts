import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import {
  disconnected,
  frameIn,
  heartbeat,
  type OpenFeedSocket,
  subprotocol,
} from './feed-socket.js';
import { type ForklineError, problemError, unreachable } from './forkline-error.js';
import { callerHeaders } from './transport.js';

const handshakeMs = 10_000;
const goodbyeMs = 2_000;

/**
 * Opens a WebSocket of the package `ws`, which unlike that of browsers says who calls in headers and
 * hears why it is turned down.
 */
export const openNodeFeedSocket: OpenFeedSocket = (address, { client, onOpen, onFrame }) => {
  const settings = {
    headers: callerHeaders(client),
    handshakeTimeout: handshakeMs,
    perMessageDeflate: false,
    // Newer than the types of ws: how long a goodbye may take to be answered.
    closeTimeout: goodbyeMs,
  };
  const socket = new WebSocket(address, [subprotocol], settings);
  const send = (frame: object) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  const heart = heartbeat(
    () => send({ op: 'ping' }),
    () => socket.terminate(),
  );
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
