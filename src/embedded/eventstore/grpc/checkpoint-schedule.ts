import type { Filter } from '../wire/read-request.js';

/**
 * When a filtered subscription tells how far it looked: every `window × multiplier` events, counted
 * by page while catching up and by event when live, and once on reaching the end. Never backwards.
 */
export class CheckpointSchedule {
  readonly #interval: number;
  #looked: number;
  #sent = 0;
  #count = 0;

  /** @param start the position that the subscription begins after */
  constructor({ window, checkpointMultiplier }: Filter, start: number) {
    this.#interval = window * checkpointMultiplier;
    this.#looked = start;
  }

  /** An event was looked at. @returns the position to send, if one is due */
  looked(position: number, isLive: boolean): number | undefined {
    this.#looked = position;
    this.#count++;
    return isLive && this.#count % this.#interval === 0 ? this.#next() : undefined;
  }

  /** A page of catching up was looked at. @returns the position to send, if one is due */
  pageEnded(isEnd: boolean): number | undefined {
    const isDue = this.#count >= this.#interval;
    if (isDue) this.#count %= this.#interval;
    if (isEnd) this.#count = 0;
    return isDue || isEnd ? this.#next() : undefined;
  }

  #next(): number | undefined {
    if (this.#looked <= this.#sent) return undefined;
    this.#sent = this.#looked;
    return this.#looked;
  }
}
