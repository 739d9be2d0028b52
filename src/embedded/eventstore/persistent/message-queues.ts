import type { Consumer } from './consumer.js';
import type { Message } from './message.js';
import type { Strategy } from './strategies.js';

/** The messages of a group that wait for a consumer: those to be delivered again, and the new ones. */
export class MessageQueues {
  /** Delivered before anything new, in the order of the source; replayed ones come last. */
  readonly #retries: Message[] = [];
  readonly #fresh: Message[] = [];

  get retryCount(): number {
    return this.#retries.length;
  }

  get freshCount(): number {
    return this.#fresh.length;
  }

  add(messages: readonly Message[]): void {
    this.#fresh.push(...messages);
  }

  /** Puts a message where its place in the source says. */
  retry(message: Message): void {
    const { place } = message;
    const behind =
      place === undefined
        ? -1
        : this.#retries.findIndex((other) => other.place === undefined || other.place > place);
    this.#retries.splice(behind === -1 ? this.#retries.length : behind, 0, message);
  }

  /** Takes the first message for which there is a consumer. */
  take(
    strategy: Strategy,
    consumers: readonly Consumer[],
  ): Readonly<{ message: Message; consumer: Consumer }> | undefined {
    for (const queue of [this.#retries, this.#fresh]) {
      for (const [index, message] of queue.entries()) {
        const consumer = strategy.choose(message, consumers);
        if (consumer) {
          queue.splice(index, 1);
          return { message, consumer };
        }
        if (!strategy.canSkip) break;
      }
    }
    return undefined;
  }

  *[Symbol.iterator](): Iterator<Message> {
    yield* this.#retries;
    yield* this.#fresh;
  }
}
