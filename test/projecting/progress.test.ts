import { describe, expect, it } from '@jest/globals';
import { NotCaughtUp, progressOf } from '../../src/projecting/progress.js';

const long = 60_000;

/** Whether a promise has settled once all that was ready went on. */
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await new Promise(setImmediate);
  return settled;
};

describe('waiting for a read model', () => {
  it('is over at once for what it has seen', async () => {
    await progressOf('sums', 7).reached(7, 0);
  });

  it('is over when it comes that far or further, each at its own position', async () => {
    const progress = progressOf('sums', 0);
    const [one, two, three] = [1, 2, 3].map((position) => progress.reached(position, long));
    progress.advance(2);
    expect([await isSettled(one!), await isSettled(two!), await isSettled(three!)]).toEqual([
      true,
      true,
      false,
    ]);
    progress.advance(9);
    await three;
    expect(progress.position()).toBe(9);
  });

  it('fails when it takes too long, naming the model and the position', async () => {
    const progress = progressOf('sums', 0);
    const late = progress.reached(5, 1);
    await expect(late).rejects.toThrow(NotCaughtUp);
    await expect(late).rejects.toMatchObject({ model: 'sums', position: 5 });
    progress.advance(5);
    await progress.reached(5, 0);
  });
});

describe('what is waited for', () => {
  it('is the earliest position of those in a hurry', async () => {
    const progress = progressOf('sums', 0);
    expect(progress.awaited()).toBe(Infinity);
    const some = [3, 2, 5].map((position) => progress.reached(position, long));
    const unhurried = progress.reached(1, long, { hasTime: true });
    expect(progress.awaited()).toBe(2);
    progress.advance(2);
    expect(progress.awaited()).toBe(3);
    progress.advance(5);
    expect(progress.awaited()).toBe(Infinity);
    await Promise.all([...some, unhurried]);
  });

  it('is no longer what somebody has given up on', async () => {
    const progress = progressOf('sums', 0);
    const later = progress.reached(9, long);
    await expect(progress.reached(5, 1)).rejects.toThrow(NotCaughtUp);
    expect(progress.awaited()).toBe(9);
    progress.advance(9);
    await later;
  });

  it('is told of when somebody in a hurry begins to wait', async () => {
    const progress = progressOf('sums', 0);
    const told: number[] = [];
    progress.onAwaited(() => told.push(progress.awaited()));
    const waiting = [
      progress.reached(7, long, { hasTime: true }),
      progress.reached(7, long),
      progress.reached(4, long),
    ];
    expect(told).toEqual([7, 4]);
    progress.advance(7);
    await Promise.all(waiting);
  });
});

describe('the progress of a read model', () => {
  it('does not go back for an earlier position', () => {
    const progress = progressOf('sums', 5);
    progress.advance(3);
    expect(progress.position()).toBe(5);
  });

  it('goes back when the model did, and those who wait go on waiting', async () => {
    const progress = progressOf('sums', 5);
    progress.restart(2);
    expect(progress.position()).toBe(2);
    const waiting = progress.reached(4, long);
    progress.restart(3);
    expect(await isSettled(waiting)).toBe(false);
    progress.restart(4);
    await waiting;
  });
});
