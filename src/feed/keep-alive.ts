import type { WebSocket } from 'ws';
import type { Connection } from './connection.js';

/**
 * Watches over one client. The function returned is to be called at the beginning of each period: it
 * pings, and drops a client that gave no sign of life since the ping before. Taking what had to wait
 * for it is one too: with much on its way to a slow client, the ping arrives late.
 */
export const keepAlive = (socket: WebSocket, connection: Connection): (() => void) => {
  let wasHeard = true;
  let before = { taken: 0, hadToWait: false };
  const hear = () => {
    wasHeard = true;
  };
  socket.on('pong', hear);
  socket.on('message', hear);
  socket.on('ping', hear);

  return () => {
    const now = { taken: connection.taken, hadToWait: socket.bufferedAmount > 0 };
    const tookSome = before.hadToWait && now.taken > before.taken;
    if (wasHeard || tookSome) {
      wasHeard = false;
      before = now;
      socket.ping();
    } else if (now.hadToWait) connection.closeTooSlow();
    else socket.terminate();
  };
};
