import type { ForklineError } from './forkline-error.js';

const firstMs = 200;
const mostMs = 10_000;
const mostAskedForMs = 60_000;

/**
 * How long to wait before trying again, in milliseconds: twice as long after every failure, up to
 * 10 s, and spread out so that clients who lost the same server do not come back together.
 *
 * @param failures how many attempts failed in a row, from 1
 * @param random a number from 0 to 1
 */
export const backoffMs = (failures: number, random = Math.random()): number => {
  const most = Math.min(mostMs, firstMs * 2 ** (failures - 1));
  return Math.round(most / 2 + (most / 2) * random);
};

/** The same, but as long as the server asks for, up to a minute. */
export const waitMsAfter = (failures: number, { retryAfterMs = 0 }: ForklineError): number =>
  Math.max(backoffMs(failures), Math.min(mostAskedForMs, retryAfterMs));
