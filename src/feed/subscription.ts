import { type Acknowledgements, acknowledgements } from './acknowledgements.js';
import type { Consumer } from './consumer.js';
import type { EventFrames, FrameHead } from './event-frames.js';
import type { FeedEvent } from './feed-event.js';
import type { Start } from './filter.js';
import { caughtUpMessage, subscribedMessage } from './messages.js';
import type { Outlet } from './outlet.js';

/** The connection of a subscription. */
export type Host = Readonly<{
  /** Whether the past may be read on for it: see {@link Consumer}. */
  room(): Promise<void> | undefined;
  /** Has something said, along with what was said before. @returns whether that may be */
  send(text: string): boolean;
  /** What events are told through. */
  outlet: Outlet;
  frames: EventFrames;
  /** The most that may wait to be sent, in bytes, before the client is too slow. */
  bufferedBytes: number;
  closeTooSlow(): void;
  /** The past cannot be read for a subscription that was told what there is up to a position. */
  failed(id: string, told: number | undefined, error: unknown): void;
}>;

/** What is told over a connection under one id. There are thousands: hence fields, and no functions of its own. */
export class Subscription implements Consumer {
  readonly #id: string;
  readonly #head: FrameHead;
  readonly #host: Host;
  readonly #outlet: Outlet;
  readonly #frames: EventFrames;
  readonly #bufferedBytes: number;
  readonly #unacknowledged: number;
  #told: number | undefined;
  #acks: Acknowledgements | undefined;

  /** @param unacknowledged the most events that may be sent and not acknowledged */
  constructor(id: string, from: Start, host: Host, unacknowledged: number) {
    this.#id = id;
    this.#head = host.frames.headOf(id);
    this.#host = host;
    this.#outlet = host.outlet;
    this.#frames = host.frames;
    this.#bufferedBytes = host.bufferedBytes;
    this.#unacknowledged = unacknowledged;
    this.#told = startOf(from);
    this.#acks = undefined;
  }

  /** The position of the last thing it was told, or else the one it asked to begin after. */
  get told(): number | undefined {
    return this.#told;
  }

  /** Everything up to a position has arrived. Clients need not say so: it is counted from the first time on. */
  acknowledge(position: number): void {
    this.#acks ??= acknowledgements(this.#unacknowledged);
    this.#acks.acknowledge(position);
  }

  room(): Promise<void> | undefined {
    return this.#host.room() ?? this.#acks?.room();
  }

  started(): void {
    this.#host.send(subscribedMessage(this.#id));
  }

  event(event: FeedEvent, isLast: boolean): void {
    const outlet = this.#outlet;
    if (!outlet.isOpen) return;
    if (this.#acks?.isFull() || outlet.isOver(this.#bufferedBytes)) {
      this.#host.closeTooSlow();
      return;
    }
    outlet.write(this.#frames.frame(this.#head, event), isLast);
    this.#told = event.position;
    this.#acks?.sent(event.position);
  }

  caughtUp(position: number): void {
    if (this.#host.send(caughtUpMessage(this.#id, position))) this.#told = position;
  }

  failed(error: unknown): void {
    this.#host.failed(this.#id, this.#told, error);
  }

  /** The connection is closed by whoever accepted it. */
  ended(): void {}
}

const startOf = (from: Start): number | undefined => {
  if (from === 'start') return 0;
  return from === 'now' ? undefined : from;
};
