import { type Acknowledgements, acknowledgements } from './acknowledgements.js';
import type { Consumer } from './consumer.js';
import type { FrameHead } from './event-frames.js';
import type { FeedEvent } from './feed-event.js';
import type { Start } from './filter.js';
import { caughtUpMessage, subscribedMessage } from './messages.js';

/** The connection of a subscription. */
export type Host = Readonly<{
  /** Whether the past may be read on for it: see {@link Consumer}. */
  room(): Promise<void> | undefined;
  /** Has something said, along with what was said before. @returns whether that may be */
  send(text: string): boolean;
  /** Has an event told, possibly a little later. @returns whether that may be */
  tell(head: FrameHead, event: FeedEvent, isLast: boolean): boolean;
  closeTooSlow(): void;
  /** The past cannot be read for a subscription that was told what there is up to a position. */
  failed(id: string, told: number | undefined, error: unknown): void;
}>;

/** What is told over a connection under one id. There are thousands: hence fields, and no functions of its own. */
export class Subscription implements Consumer {
  readonly #id: string;
  readonly #head: FrameHead;
  readonly #host: Host;
  readonly #unacknowledged: number;
  #told: number | undefined;
  #acks: Acknowledgements | undefined;

  /** @param unacknowledged the most events that may be sent and not acknowledged */
  constructor(id: string, head: FrameHead, from: Start, host: Host, unacknowledged: number) {
    this.#id = id;
    this.#head = head;
    this.#host = host;
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
    if (this.#acks?.isFull()) this.#host.closeTooSlow();
    else if (this.#host.tell(this.#head, event, isLast)) {
      this.#told = event.position;
      this.#acks?.sent(event.position);
    }
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
