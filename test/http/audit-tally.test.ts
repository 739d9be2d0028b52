import { describe, expect, it } from '@jest/globals';
import type { Attempt } from '../../src/http/audit/attempt.js';
import { tally } from '../../src/http/audit/tally.js';

const attempt = (fields: Partial<Attempt> = {}): Attempt => ({
  ...{ type: 'AccessRefused', method: 'GET', route: '/v1/sessions/:id', status: 401 },
  ...{ code: 'unauthorized', origin: { clientAddress: '192.0.2.1' }, requestId: 'r', ...fields },
});
const from = (n: number): Attempt => attempt({ origin: { clientAddress: `10.0.0.${n}` } });
const bob = { userId: 'bob', admin: false };
const minute = 60_000;
const options = { most: 3, windowMs: 5 * minute };

describe('a tally of attempts', () => {
  it('gives the first at once, and its repeats as one when the window ends', () => {
    const noted = tally(options);
    noted.note(attempt(), 0);
    expect(noted.due(0)).toMatchObject([{ count: 1, firstAt: 0, lastAt: 0 }]);
    for (const now of [1, 2, 3]) noted.note(attempt({ requestId: `${now}` }), now * minute);
    expect(noted.due(4 * minute)).toEqual([]);
    expect(noted.due(5 * minute)).toMatchObject([
      { count: 3, firstAt: minute, lastAt: 3 * minute },
    ]);
    expect(noted.due(9 * minute)).toEqual([]);
  });

  it('forgets an attempt that was not repeated, and then takes it for a first one again', () => {
    const noted = tally(options);
    noted.note(attempt(), 0);
    noted.due(0);
    expect(noted.due(5 * minute)).toEqual([]);
    noted.note(attempt(), 6 * minute);
    expect(noted.due(6 * minute)).toMatchObject([{ count: 1 }]);
  });

  it('tells so many apart, and counts the others together', () => {
    const noted = tally(options);
    for (let n = 0; n < 100; n++) noted.note(from(n), 0);
    const kept = noted.due(0);
    expect(kept.map(({ count }) => count)).toEqual([1, 1, 1, 97]);
    const { attempt: others } = kept[3]!;
    expect(others).toMatchObject({ status: 401, route: '*', origin: { clientAddress: '*' } });
  });

  it('has room for users whatever strangers do', () => {
    const noted = tally(options);
    for (let n = 0; n < 100; n++) noted.note(from(n), 0);
    noted.note(attempt({ caller: bob, status: 403, code: 'forbidden' }), 0);
    expect(noted.due(0).at(-1)).toMatchObject({ count: 1, attempt: { caller: bob } });
  });

  it('keeps each deletion for good', () => {
    const noted = tally(options);
    for (let n = 0; n < 100; n++)
      noted.note(attempt({ type: 'DeletedForGood', target: `session-${n}`, caller: bob }), 0);
    expect(noted.due(0)).toHaveLength(100);
  });

  it('gives no more in an hour than its windows have room for, whatever comes', () => {
    const noted = tally(options);
    let kept = 0;
    let counted = 0;
    for (let second = 0; second < 3_600; second++) {
      for (let n = 0; n < 5; n++) noted.note(from(second * 5 + n), second * 1_000);
      const due = noted.due(second * 1_000);
      kept += due.length;
      counted += due.reduce((sum, { count }) => sum + count, 0);
    }
    counted += noted.rest().reduce((sum, { count }) => sum + count, 0);
    expect(counted).toBe(18_000);
    // Three apart and one for the others, in each of twelve windows and the one that begins.
    expect(kept).toBeLessThanOrEqual(4 * 13);
  });

  it('gives everything that is left at the end', () => {
    const noted = tally(options);
    noted.note(attempt(), 0);
    noted.due(0);
    noted.note(attempt(), 1);
    expect(noted.rest()).toMatchObject([{ count: 1 }]);
    expect(noted.rest()).toEqual([]);
  });
});
