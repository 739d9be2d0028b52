import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { comparePlaces, type Place, type ReadyTask } from '../../src/claiming/ready-task.js';
import { readyWindow } from '../../src/claiming/ready-window.js';

type World = ReturnType<typeof worldOf>;
type Step = (world: World) => void;

const which = fc.nat(1_000);
const few = fc.nat(6);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2).map((priority) => (world: World) => world.submit(priority)) },
  { weight: 3, arbitrary: fc.constant((world: World) => void world.take()) },
  fc.constant((world: World) => world.fail()),
  which.map((n) => (world: World) => world.again(n)),
  which.map((n) => (world: World) => world.elsewhere(n)),
  { weight: 5, arbitrary: few.map((count) => (world: World) => world.hear(count)) },
  { weight: 3, arbitrary: few.map((count) => (world: World) => world.fold(count)) },
  { weight: 3, arbitrary: fc.boolean().map((anew) => (world: World) => world.beginFill(anew)) },
  { weight: 3, arbitrary: fc.constant((world: World) => world.endFill()) },
);

type Status = Readonly<{ task: ReadyTask; isReady: boolean }>;

/**
 * A store whose events a node hears late and whose read model folds them later still, and a window
 * over them. The truth is a plain map.
 */
const worldOf = (fillSize: number) => {
  const window = readyWindow({ most: 3, kept: 2, departures: 1_000 });
  const truth = new Map<string, Status>();
  const model = new Map<string, Status>();
  const events: Status[] = [];
  let heard = 0;
  let folded = 0;
  let position = 0;
  let filling: { after: Place | undefined; needs: number } | undefined;
  const handedOut: string[] = [];

  const append = (task: ReadyTask, isReady: boolean): void => {
    position += 1;
    truth.set(task.id, { task, isReady });
    events.push({ task, isReady });
  };
  const claim = (id: string): boolean => {
    const { task, isReady } = truth.get(id)!;
    if (isReady) append({ ...task, revision: task.revision + 1 }, false);
    return isReady;
  };
  const hear = (count: number): void => {
    for (const { task, isReady } of events.slice(heard, heard + count))
      if (isReady) window.offer(task);
      else window.withdraw(task.id, task.revision);
    heard = Math.min(events.length, heard + count);
  };
  const fold = (count: number): void => {
    for (const status of events.slice(folded, folded + count)) model.set(status.task.id, status);
    folded = Math.min(events.length, folded + count);
  };
  const beginFill = (anew: boolean): void => {
    if (!filling) filling = { after: window.beginFill(anew), needs: heard };
  };
  const endFill = (): void => {
    if (!filling || folded < filling.needs) return;
    const { after } = filling;
    const found = [...model.values()]
      .filter(({ task, isReady }) => isReady && (!after || comparePlaces(after, task) < 0))
      .map(({ task }) => task)
      .sort(comparePlaces)
      .slice(0, fillSize);
    filling = undefined;
    window.endFill(found, found.length < fillSize);
  };
  /** Takes a task as a claim does. @returns whether there was one in the window */
  const take = (): boolean => {
    const task = window.take();
    if (task && truth.get(task.id)!.task.revision === task.revision && claim(task.id))
      handedOut.push(`${task.id}@${task.revision}`);
    return task !== undefined;
  };
  return {
    ...{ window, truth, handedOut, hear, fold, beginFill, endFill, take },
    submit: (priority: number): void => {
      const task = { id: `t${truth.size}`, queue: 'mail', userId: 'ann' };
      append({ ...task, priority, readyPosition: position + 1, revision: 0 }, true);
    },
    fail: (): void => {
      const task = window.take();
      if (task) window.giveBack(task);
    },
    again: (which: number): void => {
      const claimed = [...truth.values()].filter(({ isReady }) => !isReady);
      const again = claimed[which % claimed.length]?.task;
      const revision = (again?.revision ?? 0) + 1;
      if (again) append({ ...again, readyPosition: position + 1, revision }, true);
    },
    elsewhere: (which: number): void => {
      const id = [...truth.keys()][which % truth.size];
      if (id !== undefined) claim(id);
    },
    settle: (): void => {
      hear(events.length);
      fold(events.length);
      endFill();
    },
    readyInOrder: (): readonly string[] =>
      [...truth.values()]
        .filter(({ isReady }) => isReady)
        .map(({ task }) => task)
        .sort(comparePlaces)
        .map(({ id }) => id),
  };
};

describe('a window over a read model that lags behind', () => {
  it('hands every ready task out, once, and those left at the end in exact order', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 7 }),
        (steps, fillSize) => {
          const world = worldOf(fillSize);
          for (const run of steps) run(world);
          world.settle();
          const expected = world.readyInOrder();
          const before = world.handedOut.length;
          while (world.readyInOrder().length > 0) {
            if (!world.take()) {
              expect(world.window.isComplete()).toBe(false);
              world.beginFill(false);
            }
            world.settle();
          }
          const left = world.handedOut.slice(before).map((each) => each.split('@')[0]);
          expect(left).toEqual(expected);
          expect(new Set(world.handedOut).size).toBe(world.handedOut.length);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
