import type { LogEntry } from '../storage/log-entry.js';
import type { Message } from './message.js';

type InFlight = Readonly<{ message: Message; sentAt: number; expiresAt: number }>;

const keptTimes = 1_000;

/** One connection to a group: what it can take, what it has, and how it is doing. */
export class Consumer {
  readonly #inFlight = new Map<string, InFlight[]>();
  #count = 0;
  #delivered = 0;
  #measured = 0;
  #perSecond = 0;
  readonly #times: number[] = [];

  /**
   * @param name how the client calls its connection
   * @param from the client's address
   * @param slots how many messages may be in flight
   * @param send hands a message over
   * @param drop ends the call
   */
  constructor(
    readonly name: string,
    readonly from: string,
    readonly slots: number,
    private readonly send: (message: Message) => void,
    readonly drop: () => void,
  ) {}

  get freeSlots(): number {
    return this.slots - this.#count;
  }

  get inFlightCount(): number {
    return this.#count;
  }

  get statistics() {
    return { delivered: this.#delivered, measured: this.#measured, perSecond: this.#perSecond };
  }

  /** How long acknowledgements took, milliseconds, of the newest ones. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** The messages sent and not settled. */
  *inFlight(): Iterable<Message> {
    for (const list of this.#inFlight.values()) for (const { message } of list) yield message;
  }

  push(message: Message, now: number, timeoutMs: number): void {
    const { id } = message.entry;
    const list = this.#inFlight.get(id) ?? [];
    this.#inFlight.set(id, list);
    list.push({ message, sentAt: now, expiresAt: now + timeoutMs });
    this.#count++;
    this.#delivered++;
    this.send(message);
  }

  /** Takes a message out of flight. @returns undefined when it is not (any more) */
  settle(id: LogEntry['id'], now: number): Message | undefined {
    const list = this.#inFlight.get(id);
    const settled = list?.shift();
    if (!list || !settled) return undefined;
    if (list.length === 0) this.#inFlight.delete(id);
    this.#count--;
    this.#times.push(now - settled.sentAt);
    if (this.#times.length > keptTimes) this.#times.shift();
    return settled.message;
  }

  /** Takes the messages out of flight whose time is over. */
  expire(now: number): Message[] {
    const expired: Message[] = [];
    for (const [id, list] of this.#inFlight) {
      const left = list.filter(({ expiresAt }) => expiresAt > now);
      if (left.length === list.length) continue;
      for (const { message, expiresAt } of list) if (expiresAt <= now) expired.push(message);
      this.#count -= list.length - left.length;
      if (left.length > 0) this.#inFlight.set(id, left);
      else this.#inFlight.delete(id);
    }
    return expired;
  }

  /** Counts anew for the next second or so. @param seconds since the last time */
  measure(seconds: number): void {
    this.#perSecond = Math.round((this.#delivered - this.#measured) / seconds);
    this.#measured = this.#delivered;
  }
}
