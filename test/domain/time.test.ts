import { describe, expect, it } from '@jest/globals';
import { earlierOf, isBefore, secondsAfter } from '../../src/domain/time.js';

const noon = '2026-01-01T12:00:00.000Z';

describe('seconds after a moment', () => {
  it.each([
    [0, noon],
    [90, '2026-01-01T12:01:30.000Z'],
    [0.25, '2026-01-01T12:00:00.250Z'],
    [0.0019, '2026-01-01T12:00:00.001Z'],
    [-1, '2026-01-01T11:59:59.000Z'],
    [31_536_000, '2027-01-01T12:00:00.000Z'],
  ])('by %p are %s', (seconds, expected) => {
    expect(secondsAfter(noon, seconds)).toBe(expected);
  });

  it('are in UTC, however the moment was written', () => {
    expect(secondsAfter('2026-01-01T14:00:00+02:00', 1)).toBe('2026-01-01T12:00:01.000Z');
  });
});

describe('two moments', () => {
  const later = '2026-01-01T12:00:00.001Z';

  it('are compared by when they are, not by how they are written', () => {
    expect(isBefore(noon, later)).toBe(true);
    expect(isBefore(later, noon)).toBe(false);
    expect(isBefore(noon, noon)).toBe(false);
    expect(isBefore('2026-01-01T13:00:00+02:00', noon)).toBe(true);
  });

  it('have an earlier one', () => {
    expect(earlierOf(noon, later)).toBe(noon);
    expect(earlierOf(later, noon)).toBe(noon);
  });
});
