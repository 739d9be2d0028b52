import { setTimeout as delay } from 'node:timers/promises';

const lookMs = 250;
const mostMs = 60_000;

/**
 * Waits until this process, with the stores that run in it, has nothing left to do, such as packing what was
 * written: whose turn is next would be slower by what the one before left behind.
 *
 * @throws Error after a minute
 */
export const atRest = async (): Promise<void> => {
  const until = performance.now() + mostMs;
  // Twice, for the stores look only now and then whether there is something to pack.
  for (let quiet = 0; quiet < 2; ) {
    if (performance.now() > until) throw new Error('the stores do not come to rest');
    const before = process.cpuUsage();
    await delay(lookMs);
    const { user, system } = process.cpuUsage(before);
    quiet = user + system < lookMs * 50 ? quiet + 1 : 0;
  }
};
