import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const bytesEach = 16;
const pool = new Uint8Array(256 * bytesEach);
let used = pool.length;

let msecs = 0;
let seq = 0;

/**
 * A UUID of version 7, greater than those made here before. Its random bits come out of a pool: asking the
 * system for those of each id takes longer than all the rest of making it.
 */
export const newId = (): string => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + bytesEach);
  used += bytesEach;
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    // Of 32 bits, 30 at random: there is room for as many ids as a millisecond could ever see.
    seq = new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 2;
  } else seq += 1;
  return v7({ random, msecs, seq });
};
