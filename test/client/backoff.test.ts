import { describe, expect, it } from '@jest/globals';
import { backoffMs } from '../../src/client/backoff.js';

describe('waiting before another attempt', () => {
  it('doubles with every failure and ends at ten seconds', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => backoffMs(failures, 1));
    expect(longest).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  });

  it('spreads attempts over half of the time', () => {
    expect(backoffMs(3, 0)).toBe(400);
    expect(backoffMs(3, 0.5)).toBe(600);
  });
});
