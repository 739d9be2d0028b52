import type { WebSocket } from 'ws';
import type { Caller } from '../commands/request.js';
import type { EventFrames } from './event-frames.js';
import type { Feed } from './feed.js';
import {
  type ClientMessage,
  errorMessage,
  type FeedError,
  parseMessage,
  pongMessage,
} from './messages.js';
import type { Outlet } from './outlet.js';
import { type Pace, paceBy } from './pace.js';
import { type Host, Subscription } from './subscription.js';

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
const tooSlow = 4008;

/** A client, and the two ways to send it something: by itself, or along with others. */
export type Client = Readonly<{
  socket: WebSocket;
  outlet: Outlet;
  frames: EventFrames;
  caller: Caller;
}>;

/** What a client is subscribed to, and the way to end it. */
type Subscribed = Readonly<{ subscription: Subscription; stop(): void }>;

type Subscribe = Extract<ClientMessage, Readonly<{ op: 'subscribe' }>>;

/** Speaks the protocol `forkline.v1` with one client until either side closes. */
export class Connection implements Host {
  readonly outlet: Outlet;
  readonly frames: EventFrames;
  readonly bufferedBytes: number;
  readonly #client: Client;
  readonly #socket: WebSocket;
  readonly #feed: Feed;
  readonly #limits: ConnectionLimits;
  readonly #pace: Pace;
  readonly #subscriptions = new Map<string, Subscribed>();

  constructor(client: Client, feed: Feed, limits: ConnectionLimits) {
    const { socket, outlet, frames } = client;
    const paced = Math.max(limits.pacedBytes, outlet.mark);
    this.#client = client;
    this.#socket = socket;
    this.outlet = outlet;
    this.frames = frames;
    this.bufferedBytes = limits.bufferedBytes;
    this.#feed = feed;
    this.#limits = limits;
    this.#pace = paceBy(() => outlet.backlog < paced);
    outlet.onEmptied(this.#pace.moved);
    socket.on('message', (data: Buffer) => this.#hear(data));
    socket.on('close', () => this.#stopAll());
  }

  /** How much the client has taken, in bytes. */
  get taken(): number {
    return this.outlet.taken;
  }

  /** Closes a client that does not keep up, telling it where to resume. */
  closeTooSlow(): void {
    if (!this.outlet.isOpen) return;
    const { userId } = this.#client.caller;
    const subscribed = [...this.#subscriptions.values()];
    const positions = subscribed.flatMap(({ subscription }) => subscription.told ?? []);
    const resumeAfter = positions.length === 0 ? '' : `${Math.min(...positions)}`;
    this.#feed.log.info({ userId, resumeAfter }, 'a client of the feed was closed: it is too slow');
    this.#feed.watch.tooSlow('websocket');
    this.outlet.flush();
    this.#socket.close(tooSlow, resumeAfter);
    this.#stopAll();
  }

  room(): Promise<void> | undefined {
    return this.#pace.room();
  }

  send(text: string): boolean {
    if (!this.#maySend()) return false;
    this.outlet.flush();
    this.#socket.send(text);
    return true;
  }

  failed(id: string, told: number | undefined, err: unknown): void {
    this.#subscriptions.delete(id);
    this.#feed.log.error({ err, after: told }, 'the feed cannot read the past');
    const detail = `no events after ${told} can be read`;
    this.#refuse({ id, code: 'history-unreadable', detail });
  }

  #maySend(): boolean {
    if (!this.outlet.isOpen) return false;
    if (this.outlet.backlog <= this.bufferedBytes) return true;
    this.closeTooSlow();
    return false;
  }

  #refuse(error: FeedError): void {
    this.send(errorMessage(error));
  }

  #stopAll(): void {
    for (const { stop } of this.#subscriptions.values()) stop();
  }

  #hear(data: Buffer): void {
    if (!this.outlet.isOpen) return;
    const { messageBytes } = this.#limits;
    if (data.length > messageBytes) {
      const detail = `a message has at most ${messageBytes} bytes`;
      this.#refuse({ code: 'message-too-large', detail });
      return;
    }
    const message = parseMessage(data.toString());
    if ('error' in message) this.#refuse(message.error);
    else this.#carryOut(message);
  }

  #carryOut(message: ClientMessage): void {
    if (message.op === 'ping') this.send(pongMessage);
    else if (message.op === 'subscribe') this.#subscribe(message);
    else {
      const { id } = message;
      const subscribed = this.#subscriptions.get(id);
      if (!subscribed) {
        const detail = 'there is none with this id';
        this.#refuse({ id, code: 'subscription-not-found', detail });
      } else if (message.op === 'ack') subscribed.subscription.acknowledge(message.position);
      else {
        this.#subscriptions.delete(id);
        subscribed.stop();
      }
    }
  }

  #subscribe({ id, filter, from }: Subscribe): void {
    if (this.#subscriptions.has(id)) {
      this.#refuse({ id, code: 'duplicate-subscription', detail: 'this id is in use' });
      return;
    }
    const { subscriptions: most, unacknowledged } = this.#limits;
    if (this.#subscriptions.size >= most) {
      this.#refuse({ id, code: 'too-many-subscriptions', detail: `the limit is ${most}` });
      return;
    }
    const subscription = new Subscription(id, from, this, unacknowledged);
    const stop = this.#feed.follow({ caller: this.#client.caller, filter, from }, subscription);
    this.#subscriptions.set(id, { subscription, stop });
  }
}
