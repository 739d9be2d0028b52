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
  /** Resolves once the model has seen a position. @throws NotCaughtUp after `timeoutMs` */
  reached(position: number, timeoutMs: number): Promise<void>;
}>;

export const progressOf = (model: string, start: number): Progress => {
  let current = start;
  const waiters = new Set<() => void>();
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
    reached: async (position, timeoutMs) => {
      if (position <= current) return;
      await new Promise<void>((resolve, reject) => {
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
    },
  };
};
