import { pause } from './pause.js';

/** Passes on values, the latest of those that came meanwhile, with a pause in between. */
export type LatestOnly<Value> = Readonly<{
  put(value: Value): void;
  /** Passes on nothing more; resolves when what was under way is done. */
  end(): Promise<void>;
}>;

/**
 * Passes values on one at a time. Of those that come while one is being passed on, only the last is
 * kept.
 *
 * @param pass must not reject
 */
export const latestOnly = <Value extends object>(
  pass: (value: Value) => Promise<void>,
  pauseMs: number,
): LatestOnly<Value> => {
  const ending = new AbortController();
  const { signal } = ending;
  let waiting: Value | undefined;
  let passing: Promise<void> | undefined;

  const passAll = async (): Promise<void> => {
    while (waiting && !signal.aborted) {
      const value = waiting;
      waiting = undefined;
      await pass(value);
      await pause(pauseMs, signal).catch(() => {});
    }
    passing = undefined;
  };

  return {
    put: (value) => {
      if (signal.aborted) return;
      waiting = value;
      passing ??= passAll();
    },
    end: async () => {
      ending.abort();
      await passing;
    },
  };
};
