import { describe, expect, it } from '@jest/globals';
import type { ReadyTask } from '../../src/claiming/ready-task.js';
import { type ReadyWindow, readyWindow } from '../../src/claiming/ready-window.js';

const limits = { most: 6, kept: 4, departures: 100 };

const ready = (id: string, priority: number, readyPosition: number, revision = 0): ReadyTask => ({
  ...{ id, priority, readyPosition, revision },
  ...{ queue: 'mail', userId: 'ann' },
});

/** A window that holds what was found in a read model that has no more. */
const complete = (...found: readonly ReadyTask[]): ReadyWindow => {
  const window = readyWindow(limits);
  window.beginFill(false);
  window.endFill(found, true);
  return window;
};

/** Takes every task there is. */
const drain = (window: ReadyWindow): readonly string[] => {
  const ids: string[] = [];
  for (let task = window.take(); task; task = window.take()) ids.push(task.id);
  return ids;
};

describe('a window', () => {
  it('gives higher priorities first, and within one whoever was ready first', () => {
    const window = complete();
    for (const [id, priority, position] of [
      ['a', 0, 1],
      ['b', 5, 2],
      ['c', 5, 3],
      ['d', 9, 4],
    ] as const)
      window.offer(ready(id, priority, position));
    expect(drain(window)).toEqual(['d', 'b', 'c', 'a']);
  });

  it('takes nothing in before it was filled, and says that it is not complete', () => {
    const window = readyWindow(limits);
    window.offer(ready('a', 0, 1));
    expect([window.size(), window.isComplete()]).toEqual([0, false]);
  });

  it('lets go of what is beyond its bound, and takes in what is before it', () => {
    const window = readyWindow(limits);
    window.beginFill(false);
    window.endFill([ready('a', 5, 10), ready('b', 5, 20)], false);
    window.offer(ready('later', 5, 30));
    window.offer(ready('lower', 4, 5));
    window.offer(ready('urgent', 6, 40));
    expect(drain(window)).toEqual(['urgent', 'a', 'b']);
    expect(window.isComplete()).toBe(false);
    expect(window.beginFill(false)).toMatchObject({ priority: 5, readyPosition: 20 });
  });

  it('has what arrived during a fill where the fill found nothing of it', () => {
    const window = readyWindow(limits);
    window.beginFill(false);
    window.offer(ready('arrived', 5, 15));
    window.offer(ready('beyond', 0, 16));
    window.endFill([ready('a', 5, 10), ready('b', 5, 20)], false);
    expect(drain(window)).toEqual(['a', 'arrived', 'b']);
  });

  it('keeps the first tasks when there are too many, and knows that there are more', () => {
    const window = complete();
    for (let n = 1; n <= 7; n += 1) window.offer(ready(`t${n}`, 0, n));
    expect(window.isComplete()).toBe(false);
    expect(drain(window)).toEqual(['t1', 't2', 't3', 't4']);
  });

  it('does not fill across the gap that a cut during the fill left', () => {
    const window = readyWindow(limits);
    window.beginFill(false);
    window.endFill(
      [1, 2, 3, 4, 5, 6].map((n) => ready(`t${n}`, 5, n)),
      false,
    );
    window.beginFill(false);
    window.offer(ready('urgent', 9, 7));
    window.endFill([ready('t8', 5, 8)], true);
    expect(drain(window)).toEqual(['urgent', 't1', 't2', 't3']);
    expect(window.isComplete()).toBe(false);
  });

  it('looks at everything anew without losing what it held beyond', () => {
    const window = readyWindow(limits);
    window.beginFill(false);
    window.endFill([ready('a', 5, 1), ready('b', 5, 2)], false);
    window.beginFill(true);
    window.endFill([ready('a', 5, 1)], false);
    window.offer(ready('c', 5, 2.5));
    expect(window.beginFill(false)).toMatchObject({ readyPosition: 2 });
    expect(drain(window)).toEqual(['a', 'b']);
  });

  it('holds a task once, at the place it has last', () => {
    const window = complete(ready('a', 0, 1), ready('b', 0, 2));
    window.offer(ready('a', 0, 3, 2));
    window.offer(ready('a', 0, 1, 0));
    expect(drain(window)).toEqual(['b', 'a']);
  });

  it('does not take a task back that the read model still calls ready', () => {
    const window = complete(ready('a', 0, 1), ready('b', 0, 2));
    window.take();
    window.beginFill(true);
    window.endFill([ready('a', 0, 1), ready('b', 0, 2)], true);
    expect(drain(window)).toEqual(['b']);
  });

  it('takes a task in again when it is ready again', () => {
    const window = complete(ready('a', 0, 1, 0));
    window.take();
    window.withdraw('a', 1);
    window.offer(ready('a', 0, 9, 2));
    expect(drain(window)).toEqual(['a']);
  });

  it('has a task that is given back at its old place', () => {
    const window = complete(ready('a', 0, 1), ready('b', 0, 2));
    window.giveBack(window.take()!);
    expect(drain(window)).toEqual(['a', 'b']);
  });

  it('does not have a task that is given back when it has heard that it was claimed', () => {
    const window = complete(ready('a', 0, 1));
    const task = window.take()!;
    window.withdraw('a', 1);
    window.giveBack(task);
    expect(drain(window)).toEqual([]);
  });

  it('drops a task that it hears is not ready any more, and not one that is ready again since', () => {
    const window = complete(ready('a', 0, 1, 0), ready('b', 0, 2, 4));
    window.withdraw('a', 1);
    window.withdraw('b', 3);
    expect(drain(window)).toEqual(['b']);
  });

  it('spreads over the first tasks of the highest priority, and of no lower one', () => {
    const firsts = new Set<string>();
    for (let n = 0; n < 200; n += 1) {
      const window = complete(
        ready('a', 5, 1),
        ready('b', 5, 2),
        ready('c', 5, 3),
        ready('d', 4, 4),
      );
      firsts.add(window.take(2)!.id);
      expect(window.take(9)!.priority).toBe(5);
    }
    expect([...firsts].sort()).toEqual(['a', 'b']);
  });
});
