import { describe, expect, it } from '@jest/globals';
import { paced } from '../../src/projecting/pace.js';

const long = 3_600_000;

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
    expect(await isSettled(paced(long, () => false).due())).toBe(true);
    const pace = paced(0, () => false);
    pace.begun();
    expect(await isSettled(pace.due())).toBe(true);
  });

  it('waits for more after another, until somebody waits for it', async () => {
    const pace = paced(long, () => false);
    pace.begun();
    const due = pace.due();
    expect(await isSettled(due)).toBe(false);
    pace.hasten();
    expect(await isSettled(due)).toBe(true);
  });

  it('is due at once as long as somebody waits', async () => {
    const pace = paced(long, () => true);
    pace.begun();
    expect(await isSettled(pace.due())).toBe(true);
  });
});
