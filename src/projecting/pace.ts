/** When the next batch is to be folded. */
export type Pace = Readonly<{
  /** Resolves when it is due. */
  due(): Promise<void>;
  /** A batch is begun. */
  begun(): void;
  /** Somebody waits for it. */
  hasten(): void;
}>;

/**
 * Lets events come together: a batch costs about the same with one event as with twenty. The first
 * after a while is due at once, the next ones so many milliseconds after the one before, or as soon as
 * somebody waits.
 */
export const paced = (betweenMs: number, isAwaited: () => boolean): Pace => {
  let begunAt = Number.NEGATIVE_INFINITY;
  let hasten = () => {};
  return {
    due: async () => {
      const left = begunAt + betweenMs - performance.now();
      if (left <= 0 || isAwaited()) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        hasten = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    begun: () => {
      begunAt = performance.now();
    },
    hasten: () => hasten(),
  };
};
