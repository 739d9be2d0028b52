import { constants } from 'node:os';

/** Resolves on the first SIGTERM or SIGINT. A second one ends the process at once, by that signal. */
export const untilSignalled = (): Promise<undefined> =>
  new Promise((resolve) => {
    let isEnding = false;
    const end = (signal: 'SIGTERM' | 'SIGINT') => {
      if (isEnding) endBy(signal);
      isEnding = true;
      resolve(undefined);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  });

/** An exit by itself would take apart what the threads of the stores are working with, which can crash them. */
const endBy = (signal: 'SIGTERM' | 'SIGINT'): never => {
  const code = 128 + constants.signals[signal];
  process.emit('exit', code);
  // Who listens has been told, and is not to be told again by the exit below.
  process.removeAllListeners('exit').removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container does not end by signals that it does not listen to.
  process.exit(code);
};
