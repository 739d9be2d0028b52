/**
 * Calls back when a commit takes longer than it may, and again from then on. The event loop gets one
 * round first: after a pause of the process, the end of the commit may be as due as the timer.
 */
export class CommitWatch {
  #timer: NodeJS.Timeout;
  #turn: NodeJS.Immediate | undefined;

  /**
   * @param limit milliseconds
   * @param onLate says in how many milliseconds to call it again
   */
  constructor(limit: number, onLate: () => number) {
    const again = (delay: number): NodeJS.Timeout =>
      setTimeout(() => {
        this.#turn = setImmediate(() => {
          this.#timer = again(onLate());
        });
      }, delay);
    this.#timer = again(limit);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }
}
