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

type Waiter = Readonly<{ position: number; resolve: () => void }>;

/** How far a read model has come, and a way to wait until it has come further. */
export type Progress = Readonly<{
  position(): number;
  advance(position: number): void;
  /** Resolves once the model has seen a position. @throws NotCaughtUp after `timeoutMs` */
  reached(position: number, timeoutMs: number): Promise<void>;
}>;

export const progressOf = (model: string, start: number): Progress => {
  let current = start;
  let waiters: Waiter[] = [];
  return {
    position: () => current,
    advance: (position) => {
      current = Math.max(current, position);
      const done = waiters.filter((waiter) => waiter.position <= current);
      waiters = waiters.filter((waiter) => waiter.position > current);
      for (const { resolve } of done) resolve();
    },
    reached: (position, timeoutMs) => {
      if (position <= current) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters = waiters.filter((other) => other !== waiter);
          reject(new NotCaughtUp(model, position));
        }, timeoutMs);
        const waiter: Waiter = {
          position,
          resolve: () => {
            clearTimeout(timer);
            resolve();
          },
        };
        waiters.push(waiter);
      });
    },
  };
};
