import type { Socket } from 'node:net';
import type { Context } from './context.js';
import { dispatch } from './dispatch.js';
import { formatReply, messageSplitter, parseMessage } from './wire.js';

/** Commands under way, to be waited for. */
export type Work = Set<Promise<unknown>>;

/** Answers what comes over a connection, one command after another. */
export const serveConnection = (socket: Socket, context: Context, work: Work): void => {
  const split = messageSplitter();
  // A client that sends one command behind another has them carried out in turn.
  let turn: Promise<unknown> = Promise.resolve();
  const answer = async (message: Buffer) => {
    const request = parseMessage(message);
    const reply = await dispatch(context, request);
    if (!request.isUnanswered && !socket.destroyed) socket.write(formatReply(request, reply));
  };
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const message of split(chunk)) {
        // What cannot be read has no reply that fits it: the connection ends.
        const next = turn.then(() => answer(message)).catch(() => socket.destroy());
        turn = next;
        work.add(next);
        void next.finally(() => work.delete(next));
      }
    } catch {
      socket.destroy();
    }
  });
};
