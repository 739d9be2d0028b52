/** Work of many, none of which may keep the process to itself for long. */
export type FairWork = Readonly<{
  /** Does a short piece of work once those that asked before have had their turn. */
  run<Result>(work: () => Result): Promise<Result>;
}>;

/**
 * Does pieces of work one after another. After `sliceMs` milliseconds, or after one piece that takes
 * longer, everything else that the process has to do comes first.
 */
export const fairWork = (sliceMs: number): FairWork => {
  const waiting: (() => void)[] = [];

  const slice = () => {
    const until = performance.now() + sliceMs;
    let done = 0;
    do {
      waiting[done]?.();
      done += 1;
    } while (done < waiting.length && performance.now() < until);
    waiting.splice(0, done);
    if (waiting.length > 0) setImmediate(slice);
  };

  return {
    run: (work) =>
      new Promise((resolve, reject) => {
        const piece = () => {
          try {
            resolve(work());
          } catch (error) {
            reject(error);
          }
        };
        if (waiting.push(piece) === 1) setImmediate(slice);
      }),
  };
};
