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

/**
 * How long to wait before a call that failed is tried again, in milliseconds: as {@link backoffMs}
 * says, but not less than the server asked for, of which a minute at most is heeded.
 *
 * @param failures how many attempts failed in a row, from 1
 */
export const waitMsAfter = (failures: number, { retryAfterMs = 0 }: ForklineError): number =>
  Math.max(backoffMs(failures), Math.min(mostAskedForMs, retryAfterMs));
