import { describe, expect, it } from '@jest/globals';
import { inBatches } from '../../src/cli/in-batches.js';
import { inParallel } from '../../src/cli/in-parallel.js';

describe('work in parallel', () => {
  it('does everything, begun in order, never more at once than allowed', async () => {
    const begun: number[] = [];
    const releases: (() => void)[] = [];
    let atOnce = 0;
    let most = 0;
    const working = inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise<void>((resolve) => releases.push(resolve));
      atOnce -= 1;
    });
    while (begun.length < 5 || releases.length > 0) {
      releases.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await working;
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('throws what the work throws', async () => {
    const working = inParallel([1], 4, async () => {
      throw new Error('no');
    });
    await expect(working).rejects.toThrow('no');
  });
});

describe('batches', () => {
  it('hold all items in order, the last what is left', async () => {
    const source = async function* () {
      yield* [1, 2, 3, 4, 5];
    };
    const batches: (readonly number[])[] = [];
    for await (const batch of inBatches(source(), 2)) batches.push(batch);
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  });
});
