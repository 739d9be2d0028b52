import { describe, expect, it } from '@jest/globals';
import { partsAtForks } from '../../src/projecting/history.js';
import type { Projected } from '../../src/projecting/projection.js';
import { eventsOf } from '../projections/support/project.js';

const moved = (stream: string): Projected => eventsOf(stream, [{ type: 'Moved', data: {} }])[0]!;
const fork = (stream: string, of: string): Projected => {
  const data = { ancestry: [{ stream: of, through: 1 }], scope: 'stream' };
  return eventsOf(stream, [{ type: 'StreamForked', data }])[0]!;
};
const shown = (...events: readonly Projected[]) =>
  partsAtForks(events).map((part) => part.map(({ stream }) => stream));

describe('the parts of a batch', () => {
  it('are one where no fork begins, and none of no events', () => {
    expect(shown(moved('a'), moved('b'), moved('a'))).toEqual([['a', 'b', 'a']]);
    expect(shown()).toEqual([]);
  });

  it('end where a fork begins of a stream that moved in the same part', () => {
    expect(shown(moved('a'), fork('b', 'a'), moved('c'))).toEqual([['a'], ['b', 'c']]);
  });

  it('do not end where a fork begins of a stream that moved in none, or in one before', () => {
    expect(shown(moved('a'), fork('b', 'x'))).toEqual([['a', 'b']]);
    expect(shown(moved('a'), fork('b', 'a'), fork('c', 'a'))).toEqual([['a'], ['b', 'c']]);
  });

  it('end for each fork of a fork', () => {
    expect(shown(moved('a'), fork('b', 'a'), fork('c', 'b'), fork('d', 'c'))).toEqual([
      ['a'],
      ['b'],
      ['c'],
      ['d'],
    ]);
  });
});
