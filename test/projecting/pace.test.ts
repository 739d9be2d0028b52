import { describe, expect, it } from '@jest/globals';
import { paced } from '../../src/projecting/pace.js';

const long = 3_600_000;
const every = (ms: number) => ({ leastMs: ms, timesAsLong: 4, mostMs: ms });

/** Whether a promise has settled once all that was ready went on. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
};

describe('a batch', () => {
  it('is due at once when none was begun lately', async () => {
    expect(await isSettled(paced(every(long), () => false).due())).toBe(true);
    const pace = paced(every(0), () => false);
    pace.begun();
    expect(await isSettled(pace.due())).toBe(true);
  });

  it('waits for more after another, until somebody waits for it', async () => {
    let isAwaited = false;
    const pace = paced(every(long), () => isAwaited);
    pace.begun();
    const due = pace.due();
    pace.look();
    expect(await isSettled(due)).toBe(false);
    isAwaited = true;
    pace.look();
    expect(await isSettled(due)).toBe(true);
  });

  it('is due at once as long as somebody waits', async () => {
    const pace = paced(every(long), () => true);
    pace.begun();
    expect(await isSettled(pace.due())).toBe(true);
  });

  it('waits the longer the more the one before took', async () => {
    let isAwaited = false;
    const limits = { leastMs: 0, timesAsLong: Number.MAX_VALUE, mostMs: long };
    const pace = paced(limits, () => isAwaited);
    pace.begun();
    expect(await isSettled(pace.due())).toBe(true);
    pace.done();
    const due = pace.due();
    expect(await isSettled(due)).toBe(false);
    isAwaited = true;
    pace.look();
    await due;
  });
});
