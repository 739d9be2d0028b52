import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sizeOf } from '../../src/eventstore/size.js';

const valuesIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? 1 + Object.values(value).reduce((sum: number, inner) => sum + valuesIn(inner), 0)
    : 1;

describe('the size of a value', () => {
  it('is that of its JSON, but for what escapes, numbers and punctuation take', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const { length } = JSON.stringify(value);
        expect(length).toBeLessThanOrEqual(6 * sizeOf(value));
        expect(sizeOf(value)).toBeLessThanOrEqual(length + 16 * valuesIn(value));
      }),
    );
  });

  it('counts texts, keys and lists', () => {
    const text = 'x'.repeat(10_000);
    for (const large of [text, { a: { text } }, { [text]: 1 }, [[text]], Array(1_000).fill(0)])
      expect(sizeOf(large)).toBeGreaterThan(10_000);
  });
});
