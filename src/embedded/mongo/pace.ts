import { setImmediate } from 'node:timers/promises';

const sliceMilliseconds = 10;

/** Lets other work go first after every 10 ms of work. Call it as often as you like and await what it gives. */
export const pacer = (): (() => Promise<void> | undefined) => {
  let start = performance.now();
  return () => {
    if (performance.now() - start < sliceMilliseconds) return undefined;
    return setImmediate().then(() => {
      start = performance.now();
    });
  };
};
