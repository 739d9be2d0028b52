import { describe, expect, it } from '@jest/globals';
import { executions } from '../../projections/executions.js';
import { prunes } from '../../projections/prunes.js';
import type { ExecutionEvent } from '../../src/domain/execution.js';
import type { StreamForked } from '../../src/domain/fork.js';
import {
  cancelled,
  checkpoint,
  completed,
  savedInFull,
  started,
} from '../support/execution-facts.js';
import { eventsOf, project, second } from './support/project.js';

const stream = 'execution-1';
const of = (...facts: readonly ExecutionEvent[]) => project(executions, eventsOf(stream, facts))[0];

const dispatched: ExecutionEvent = {
  type: 'StageDispatched',
  data: { stage: 'plan', stageOrder: 0, taskId: 't-1' },
};
const result = savedInFull({ ...checkpoint('c-1', { a: 1 }), taskId: 't-1' });
const own = savedInFull(checkpoint('c-2', { a: 1 }));
const pruned = (through: number, count: number): ExecutionEvent => ({
  ...{ type: 'CheckpointsPruned', data: { through, count } },
});

describe('the document of an execution', () => {
  it('has the stage under way with its task and agent, from when it was dispatched', () =>
    expect(of(started, dispatched)).toMatchObject({
      dispatched: {
        ...{ stage: 'plan', agent: 'planner', stageOrder: 0 },
        ...{ taskId: 't-1', dispatchedAt: second(2) },
      },
    }));

  it.each([
    ['the result of its task is saved', [result]],
    ['it is finished', [own, { type: 'StageFinished', data: dispatched.data } as ExecutionEvent]],
    ['all is over', [completed]],
    ['all is called off', [cancelled]],
  ])('has it no longer once %s', (_, facts) =>
    expect(of(started, dispatched, ...facts)).not.toHaveProperty('dispatched'),
  );

  it('has it still when the worker has saved a checkpoint', () =>
    expect(of(started, dispatched, own)).toHaveProperty('dispatched'));

  it('counts checkpoints without those that were pruned', () =>
    expect(of(started, own, result, own, pruned(2, 2))).toMatchObject({ checkpointCount: 1 }));

  it('of a fork stands still and has no task, until a stage of its own is dispatched', () => {
    const forked: StreamForked = {
      type: 'StreamForked',
      data: { ancestry: [{ stream, through: 1 }], scope: 'stream' },
    };
    const { _id, position, ...inherited } = of(started, dispatched) as {
      _id: string;
      position: number;
    } & {
      stream: string;
    };
    const fork = (...facts: readonly ExecutionEvent[]) =>
      project(
        executions,
        eventsOf('execution-2', [forked, ...facts], { first: 2, position: 20, inherited }),
      )[0];
    expect(fork()).toMatchObject({ held: true });
    expect(fork()).not.toHaveProperty('dispatched');
    expect(fork(dispatched)).toMatchObject({ dispatched: { taskId: 't-1' } });
    expect(fork(dispatched)).not.toHaveProperty('held');
  });
});

it('what was pruned has a row for each time, true until the next', () =>
  expect(
    project(prunes, eventsOf(stream, [started, pruned(3, 2), own, pruned(5, 1)])),
  ).toMatchObject([
    { stream, through: 3, from: 1, to: 3 },
    { stream, through: 5, from: 3, to: null },
  ]));
