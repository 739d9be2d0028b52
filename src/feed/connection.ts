import type { WebSocket } from 'ws';
import type { Caller } from '../commands/request.js';
import { type Acknowledgements, acknowledgements } from './acknowledgements.js';
import { type EventFrames, frameHead } from './event-frames.js';
import type { Feed } from './feed.js';
import type { Start } from './filter.js';
import type { FeedRequest } from './follow.js';
import {
  type ClientMessage,
  caughtUpMessage,
  errorMessage,
  type FeedError,
  parseMessage,
  pongMessage,
  subscribedMessage,
} from './messages.js';
import type { Outlet } from './outlet.js';
import { paceBy } from './pace.js';

export type ConnectionLimits = Readonly<{
  /** The most subscriptions at a time. */
  subscriptions: number;
  /** The most events sent and not acknowledged, for a subscription that acknowledges. */
  unacknowledged: number;
  /** The most that may wait to be sent, in bytes, before the client is too slow. */
  bufferedBytes: number;
  /** How much may wait to be sent, in bytes, before reading of the past is held back. */
  pacedBytes: number;
  /** The largest message a client may send, in bytes. */
  messageBytes: number;
}>;

/** A client that did not keep up is closed with this. The reason is the position it can resume after. */
const TOO_SLOW = 4008;

/** A client, and the two ways to send it something: by itself, or along with others. */
export type Client = Readonly<{
  socket: WebSocket;
  outlet: Outlet;
  frames: EventFrames;
  caller: Caller;
}>;

/** One client's connection. */
export type Connection = Readonly<{
  /** How much the client has taken, in bytes. */
  taken(): number;
  /** Closes a client that does not keep up, telling it where to resume. */
  closeTooSlow(): void;
}>;

type Subscribed = Readonly<{
  acks: Acknowledgements;
  /** The position of the last thing it was told, or else the one it asked to begin after. */
  told(): number | undefined;
  stop(): void;
}>;

/** Speaks the protocol `forkline.v1` with one client until either side closes. */
export const serveConnection = (
  { socket, outlet, frames, caller }: Client,
  feed: Feed,
  limits: ConnectionLimits,
): Connection => {
  const subscriptions = new Map<string, Subscribed>();
  const paced = Math.max(limits.pacedBytes, outlet.mark);
  const pace = paceBy(() => outlet.backlog < paced);
  outlet.onEmptied(pace.moved);

  const stopAll = () => {
    for (const { stop } of subscriptions.values()) stop();
  };

  const closeTooSlow = () => {
    if (socket.readyState !== socket.OPEN) return;
    const positions = [...subscriptions.values()].flatMap(({ told }) => told() ?? []);
    const resumeAfter = positions.length === 0 ? '' : `${Math.min(...positions)}`;
    const { userId } = caller;
    feed.log.info({ userId, resumeAfter }, 'a client of the feed was closed: it is too slow');
    feed.watch.tooSlow('websocket');
    outlet.flush();
    socket.close(TOO_SLOW, resumeAfter);
    stopAll();
  };

  const maySend = (): boolean => {
    if (socket.readyState !== socket.OPEN) return false;
    if (!outlet.isOver(limits.bufferedBytes)) return true;
    closeTooSlow();
    return false;
  };

  const send = (text: string): boolean => {
    const may = maySend();
    if (may) {
      outlet.flush();
      socket.send(text);
    }
    return may;
  };

  const refuse = (error: FeedError) => send(errorMessage(error));

  const subscribe = (id: string, request: FeedRequest) => {
    const acks = acknowledgements(limits.unacknowledged);
    const head = frameHead(id);
    let told = startOf(request.from);
    const stop = feed.follow(request, {
      room: () => pace.room() ?? acks.room(),
      started: () => send(subscribedMessage(id)),
      event: (event, isLast) => {
        if (acks.isFull()) return closeTooSlow();
        if (!maySend()) return;
        outlet.write(frames(head, event), isLast);
        told = event.position;
        acks.sent(event.position);
      },
      caughtUp: (position) => {
        if (send(caughtUpMessage(id, position))) told = position;
      },
      failed: (err) => {
        subscriptions.delete(id);
        feed.log.error({ err, after: told }, 'the feed cannot read the past');
        refuse({ id, code: 'history-unreadable', detail: `no events after ${told} can be read` });
      },
      // The connection is closed by whoever accepted it.
      ended: () => undefined,
    });
    subscriptions.set(id, { acks, told: () => told, stop });
  };

  const carryOut = (message: ClientMessage) => {
    if (message.op === 'ping') return send(pongMessage);
    const { id } = message;
    const subscribed = subscriptions.get(id);
    if (message.op === 'subscribe') {
      if (subscribed)
        return refuse({ id, code: 'duplicate-subscription', detail: 'this id is in use' });
      const most = limits.subscriptions;
      if (subscriptions.size >= most)
        return refuse({ id, code: 'too-many-subscriptions', detail: `the limit is ${most}` });
      return subscribe(id, { caller, filter: message.filter, from: message.from });
    }
    if (!subscribed)
      return refuse({ id, code: 'subscription-not-found', detail: 'there is none with this id' });
    if (message.op === 'ack') return subscribed.acks.acknowledge(message.position);
    subscriptions.delete(id);
    subscribed.stop();
  };

  socket.on('message', (data: Buffer) => {
    if (socket.readyState !== socket.OPEN) return;
    if (data.length > limits.messageBytes) {
      const detail = `a message has at most ${limits.messageBytes} bytes`;
      return refuse({ code: 'message-too-large', detail });
    }
    const message = parseMessage(data.toString());
    return 'error' in message ? refuse(message.error) : carryOut(message);
  });
  socket.on('close', stopAll);

  return { taken: () => outlet.taken, closeTooSlow };
};

const startOf = (from: Start): number | undefined => {
  if (from === 'start') return 0;
  return from === 'now' ? undefined : from;
};
