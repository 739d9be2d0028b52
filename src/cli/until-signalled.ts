import { constants } from 'node:os';

/** Resolves on the first SIGTERM or SIGINT. A second one ends the process at once, as if by that signal. */
export const untilSignalled = (): Promise<undefined> =>
  new Promise((resolve) => {
    let isEnding = false;
    const end = (signal: 'SIGTERM' | 'SIGINT') => {
      if (isEnding) process.exit(128 + constants.signals[signal]);
      isEnding = true;
      resolve(undefined);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  });
