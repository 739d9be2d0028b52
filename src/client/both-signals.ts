/** A signal that is aborted as soon as one of two is, for as long as `release` is not called. */
export type BothSignals = Readonly<{ signal: AbortSignal; release(): void }>;

/**
 * Makes a signal of two: aborted, for the same reason, as soon as either is. Once released it leaves
 * nothing behind at a signal that outlives it, on any platform; `AbortSignal.any` may.
 */
export const bothSignals = (a: AbortSignal, b: AbortSignal | undefined): BothSignals => {
  if (!b) return { signal: a, release: () => {} };
  const both = new AbortController();
  const abort = ({ target }: Readonly<{ target: unknown }>) =>
    both.abort((target as AbortSignal).reason);
  for (const signal of [a, b]) {
    signal.addEventListener('abort', abort);
    if (signal.aborted) both.abort(signal.reason);
  }
  return {
    signal: both.signal,
    release: () => {
      for (const signal of [a, b]) signal.removeEventListener('abort', abort);
    },
  };
};
