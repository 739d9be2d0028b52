type Wake = () => void;

/**
 * Wakes those who stand at the end of the log, or of one stream, when events were committed. They
 * read what is new on their own, so a waiter holds no events and nothing is queued for it.
 */
export class Changes {
  readonly #all = new Set<Wake>();
  readonly #streams = new Map<string, Set<Wake>>();

  /** @param grown the streams that have new events */
  publish(grown: ReadonlySet<string>): void {
    for (const wake of this.#all) wake();
    if (this.#streams.size === 0) return;
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
