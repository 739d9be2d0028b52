type Wake = () => void;

/**
 * Wakes those who stand at the end of the log, or of one stream, when events were committed. They
 * read what is new on their own, so a waiter holds no events and nothing is queued for it.
 *
 * They are woken in the next turn of the event loop, once those who appended are answered: a client that
 * follows the log has its answers before it is busy with the events, and commits that come close together
 * wake it once.
 */
export class Changes {
  readonly #all = new Set<Wake>();
  readonly #streams = new Map<string, Set<Wake>>();
  #grown: Set<string> | undefined;

  /** @param grown the streams that have new events */
  publish(grown: ReadonlySet<string>): void {
    if (this.#grown === undefined) {
      this.#grown = new Set();
      setImmediate(() => this.#wake());
    }
    // Of whom nobody stands at the end of, nothing need be remembered.
    if (this.#streams.size > 0) for (const stream of grown) this.#grown.add(stream);
  }

  #wake(): void {
    const grown = this.#grown ?? [];
    this.#grown = undefined;
    for (const wake of this.#all) wake();
    for (const stream of grown) for (const wake of this.#streams.get(stream) ?? []) wake();
  }

  /**
   * Calls `wake` after each commit, or each that touches the stream.
   *
   * @returns ends it
   */
  subscribe(stream: string | undefined, wake: Wake): () => void {
    if (stream === undefined) {
      this.#all.add(wake);
      return () => this.#all.delete(wake);
    }
    const waiting = this.#streams.get(stream) ?? new Set();
    this.#streams.set(stream, waiting.add(wake));
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0) this.#streams.delete(stream);
    };
  }
}
