import { describe, expect, it } from '@jest/globals';
import { waitingLine } from '../../src/claiming/waiting-line.js';
import type { Wanted } from '../../src/claiming/wanted.js';

const mail = { userId: 'ann', queue: 'mail.out' };
const anns: Wanted = { userId: 'ann', queue: 'mail.out', isPrefix: false };
const anybodys: Wanted = { userId: undefined, queue: 'mail.out', isPrefix: false };
const prefixed: Wanted = { userId: undefined, queue: 'mail.', isPrefix: true };

const lineWith = () => {
  const line = waitingLine<string>();
  const woken: string[] = [];
  const join = (name: string, wanted = anns, ticket = line.ticket()) =>
    line.join({ ticket, wanted, wake: () => woken.push(name), reserve: () => name });
  return { ...line, join, woken };
};

describe('a waiting line', () => {
  it('wakes one for each task, in the order in which they came', () => {
    const { join, wakeFor, woken } = lineWith();
    join('user');
    join('admin', anybodys);
    join('prefix', prefixed);
    join('last');
    for (let n = 0; n < 3; n += 1) wakeFor(mail);
    expect(woken).toEqual(['user', 'admin', 'prefix']);
    wakeFor(mail);
    wakeFor(mail);
    expect(woken).toEqual(['user', 'admin', 'prefix', 'last']);
  });

  it('wakes nobody for a task that they did not ask for, or may not have', () => {
    const { join, wakeFor, woken } = lineWith();
    join('other queue', { ...anns, queue: 'mail.in' });
    join('other user', { ...anns, userId: 'bob' });
    join('other prefix', { ...prefixed, queue: 'mail.o.' });
    wakeFor(mail);
    expect(woken).toEqual([]);
  });

  it('keeps the place of who waits again with the same ticket', () => {
    const { join, ticket, wakeFor, woken } = lineWith();
    const first = ticket();
    join('second');
    join('first', anns, first);
    wakeFor(mail);
    expect(woken).toEqual(['first']);
  });

  it('forgets who has left', () => {
    const { join, wakeFor, wakeAll, woken } = lineWith();
    const leave = join('gone');
    join('here');
    leave();
    wakeFor(mail);
    expect(woken).toEqual(['here']);
    leave();
    wakeAll();
    expect(woken).toEqual(['here']);
  });

  it('shows who is to be given a task that is yet to come, and lets them stay', () => {
    const { first, join, wakeFor, woken } = lineWith();
    expect(first(mail)).toBeUndefined();
    join('prefix', prefixed);
    const leave = join('user');
    expect([first(mail)?.reserve(), first(mail)?.reserve()]).toEqual(['prefix', 'prefix']);
    wakeFor(mail);
    expect([first(mail)?.reserve(), first({ ...mail, userId: 'bob' })]).toEqual([
      'user',
      undefined,
    ]);
    leave();
    expect(first(mail)).toBeUndefined();
    expect(woken).toEqual(['prefix']);
  });

  it('wakes everybody when it is over', () => {
    const { join, wakeAll, woken } = lineWith();
    join('a');
    join('b', prefixed);
    wakeAll();
    wakeAll();
    expect(woken.sort()).toEqual(['a', 'b']);
  });
});
