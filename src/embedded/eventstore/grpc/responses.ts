import type { DuplexStream, ServerStream } from './service.js';

/**
 * The answering side of a streaming call. Sending waits while the client is slow, so a call holds
 * little more than the page it is sending; once the client is gone, sending does nothing.
 */
export class Responses {
  readonly #call: ServerStream | DuplexStream;
  readonly #onEnd: (() => void)[] = [];
  #resume: (() => void) | undefined;
  #hasEnded = false;

  constructor(call: ServerStream | DuplexStream) {
    this.#call = call;
    call.on('drain', () => this.#wake());
    for (const event of ['cancelled', 'close', 'error']) call.on(event, () => this.#end());
    if (call.cancelled) this.#end();
  }

  /** Whether the client is gone, or never wants more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @returns whether there is room for more; if not, await {@link room} before the next one */
  send(message: Buffer): boolean {
    return this.#hasEnded || this.#call.write(message);
  }

  /** Settles when the client has taken what was sent, or is gone. */
  async room(): Promise<void> {
    if (this.#hasEnded || !this.#call.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
  }

  /**
   * Lets others have a turn. To be awaited between pages: a scan that finds nothing to send never
   * waits for room.
   */
  async pause(): Promise<void> {
    await new Promise(setImmediate);
  }

  /** Calls back when the call is over, at once if it is. */
  onEnd(callback: () => void): void {
    if (this.#hasEnded) callback();
    else this.#onEnd.push(callback);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const callback of this.#onEnd) callback();
    this.#wake();
  }

  #wake(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
