import type { Changes } from '../storage/changes.js';
import type { Responses } from './responses.js';

/**
 * Lets a subscription sleep at the end of the log, or of one stream, until something was committed
 * or its call is over.
 */
export class Wakeup {
  #isDue = false;
  #resume: (() => void) | undefined;

  constructor(changes: Changes, stream: string | undefined, responses: Responses) {
    const stop = changes.subscribe(stream, () => this.#wake());
    responses.onEnd(() => {
      stop();
      this.#wake();
    });
  }

  /** Settles after the next commit; at once if there was one since the last call. */
  async wait(): Promise<void> {
    if (!this.#isDue)
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    this.#isDue = false;
  }

  #wake(): void {
    this.#isDue = true;
    this.#resume?.();
    this.#resume = undefined;
  }
}
