import { setFlagsFromString } from 'node:v8';

/** V8 looks 8 s after it last collected garbage whether it has memory to give back. */
const settlingMs = 12_000;

/**
 * Has V8 give back, in all threads, the memory that only starting took. To be called once everything has
 * started: before, it would cost time. It keeps that memory otherwise, or not, by when it last collected
 * garbage. After 12 s it minds speed again, as it does by default.
 */
export const settleMemory = (): void => {
  setFlagsFromString('--optimize-for-size');
  setTimeout(() => setFlagsFromString('--no-optimize-for-size'), settlingMs).unref();
};
