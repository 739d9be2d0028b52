import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { underWay } from '../../src/memory/under-way.js';

describe('what is under way', () => {
  it('is found, in its order, until it has ended, like what is in a map', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(20), isEnd: fc.boolean() }), {
          ...{ maxLength: 2_000, size: 'max' },
        }),
        (steps) => {
          const kept = underWay<number, number>();
          const map = new Map<number, number>();
          for (const [n, { key, isEnd }] of steps.entries()) {
            if (isEnd) expect(kept.delete(key)).toBe(map.delete(key));
            else {
              kept.set(key, n);
              map.set(key, n);
            }
            expect(kept.get(key)).toBe(map.get(key));
            expect(kept.size()).toBe(map.size);
          }
          expect([...kept.values()]).toEqual([...map.values()]);
        },
      ),
      { numRuns: 50 },
    ));

  it('is not kept from being collected by what was under way before', async () => {
    const script = fileURLToPath(new URL('promoted.js', import.meta.url));
    const young = ['--max-semi-space-size=1', '--min-semi-space-size=1'];
    const unmarked = ['--initial-old-space-size=512', '--no-incremental-marking'];
    const { stdout } = await promisify(execFile)(process.execPath, [...young, ...unmarked, script]);
    // Of some 20 MB: all, if V8's own Map is asked to do the same.
    expect(Number(stdout)).toBeLessThan(2_000_000);
  });
});
