/** A read model did not come to a position in time. */
export class NotCaughtUp extends Error {
  override readonly name = 'NotCaughtUp';

  constructor(
    readonly model: string,
    readonly position: number,
  ) {
    super(`${model} has not seen position ${position} yet`);
  }
}

/** How far a read model has come, and a way to wait until it has come further. */
export type Progress = Readonly<{
  /** The position up to which every event is in the model; -1 before the first. */
  position(): number;
  /** Notes that the model has come further. An earlier position changes nothing. */
  advance(position: number): void;
  /** Notes where the model really is, which after its database failed may be earlier than was known. */
  restart(position: number): void;
  /**
   * Resolves once the model has seen a position. Whoever waits has it fold at once, when that position has
   * come, what it would gather for some milliseconds otherwise, unless they say that they have time.
   *
   * @throws NotCaughtUp after `timeoutMs`
   */
  reached(position: number, timeoutMs: number, options?: WaitOptions): Promise<void>;
  /** The earliest position that somebody in a hurry waits for; Infinity while nobody does. */
  awaited(): number;
  /** Has a function called whenever somebody in a hurry begins to wait, in place of the one given before. */
  onAwaited(listener: () => void): void;
}>;

export type WaitOptions = Readonly<{
  /** Whether a few milliseconds more do not matter; false by default. */
  hasTime?: boolean;
}>;

type Waiter = Readonly<{ position: number; hasTime: boolean; resolve: () => void }>;

/**
 * How far a read model has come, beginning at a position.
 *
 * @param model its name, for errors
 * @param start -1 before the first event
 */
export const progressOf = (model: string, start: number): Progress => {
  let current = start;
  const waiters = new Set<Waiter>();
  let earliest = Infinity;
  let awaited = () => {};
  const leave = (gone: Iterable<Waiter>): void => {
    for (const waiter of gone) waiters.delete(waiter);
    earliest = Infinity;
    for (const { position, hasTime } of waiters)
      if (!hasTime) earliest = Math.min(earliest, position);
  };
  const advance = (position: number): void => {
    current = Math.max(current, position);
    const there = [...waiters].filter((waiter) => waiter.position <= current);
    if (there.length > 0) leave(there);
    for (const { resolve } of there) resolve();
  };
  return {
    position: () => current,
    advance,
    restart: (position) => {
      current = position;
      advance(position);
    },
    awaited: () => earliest,
    onAwaited: (listener) => {
      awaited = listener;
    },
    reached: async (position, timeoutMs, { hasTime = false } = {}) => {
      if (position <= current) return;
      let timer: NodeJS.Timeout | undefined;
      const reached = new Promise<void>((resolve, reject) => {
        const waiter = { position, hasTime, resolve };
        waiters.add(waiter);
        timer = setTimeout(() => {
          leave([waiter]);
          reject(new NotCaughtUp(model, position));
        }, timeoutMs);
      });
      if (!hasTime) {
        earliest = Math.min(earliest, position);
        awaited();
      }
      await reached.finally(() => clearTimeout(timer));
    },
  };
};
