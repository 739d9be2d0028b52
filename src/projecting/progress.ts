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
   * Resolves once the model has seen a position. Whoever waits has it fold at once what it would
   * gather for some milliseconds otherwise, unless they say that they have time.
   *
   * @throws NotCaughtUp after `timeoutMs`
   */
  reached(position: number, timeoutMs: number, options?: WaitOptions): Promise<void>;
  /** Whether somebody waits who is in a hurry. */
  isAwaited(): boolean;
  /** Has a function called whenever somebody in a hurry begins to wait, in place of the one given before. */
  onAwaited(listener: () => void): void;
}>;

export type WaitOptions = Readonly<{
  /** Whether a few milliseconds more do not matter; false by default. */
  hasTime?: boolean;
}>;

/**
 * How far a read model has come, beginning at a position.
 *
 * @param model its name, for errors
 * @param start -1 before the first event
 */
export const progressOf = (model: string, start: number): Progress => {
  let current = start;
  const waiters = new Set<() => void>();
  let hurried = 0;
  let awaited = () => {};
  const advance = (position: number): void => {
    current = Math.max(current, position);
    for (const look of waiters) look();
  };
  return {
    position: () => current,
    advance,
    restart: (position) => {
      current = position;
      advance(position);
    },
    isAwaited: () => hurried > 0,
    onAwaited: (listener) => {
      awaited = listener;
    },
    reached: async (position, timeoutMs, { hasTime = false } = {}) => {
      if (position <= current) return;
      const reached = new Promise<void>((resolve, reject) => {
        const look = () => {
          if (position > current) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          waiters.delete(look);
          reject(new NotCaughtUp(model, position));
        }, timeoutMs);
        waiters.add(look);
      });
      if (hasTime) return reached;
      hurried += 1;
      awaited();
      try {
        await reached;
      } finally {
        hurried -= 1;
      }
    },
  };
};
