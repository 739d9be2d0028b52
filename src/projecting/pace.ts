/** When the next batch is to be folded. */
export type Pace = Readonly<{
  /** Resolves when it is due. */
  due(): Promise<void>;
  /** A batch is begun. */
  begun(): void;
  /** The batch begun last is done. */
  done(): void;
  /** Looks whether somebody waits for it: someone has begun to, or what is waited for has come. */
  look(): void;
}>;

export type PaceLimits = Readonly<{
  /** How many milliseconds lie between the beginnings of two batches, at least. */
  leastMs: number;
  /** After how many times as long as a batch took the next one begins, counted from its beginning. */
  timesAsLong: number;
  /** How many milliseconds lie between the beginnings of two batches at most, however long one took. */
  mostMs: number;
}>;

/**
 * Gathers events: a batch costs about the same with one event as with twenty. After a pause a batch is
 * due at once; the next one some time after the one before began, or as soon as it is awaited.
 * That time grows with what a batch takes, so that under load most of the processor is left to other
 * work, and larger batches make up for it.
 *
 * @param isAwaited whether somebody waits for what has been gathered
 */
export const paced = (
  { leastMs, timesAsLong, mostMs }: PaceLimits,
  isAwaited: () => boolean,
): Pace => {
  let begunAt = Number.NEGATIVE_INFINITY;
  let betweenMs = leastMs;
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
    done: () => {
      const tookMs = performance.now() - begunAt;
      betweenMs = Math.min(mostMs, Math.max(leastMs, timesAsLong * tookMs));
    },
    look: () => {
      if (isAwaited()) hasten();
    },
  };
};
