import { describe, expect, it } from '@jest/globals';
import {
  type Execution,
  type ExecutionCommand,
  type ExecutionEvent,
  execution,
} from '../../src/domain/execution.js';
import type { JsonValue } from '../../src/domain/json.js';
import {
  cancelled,
  checkpoint,
  completed,
  failed,
  save,
  savedInFull,
} from '../support/execution-facts.js';
import { given, stateOf } from '../support/given.js';

const stages = [
  { name: 'plan', agent: 'planner', queue: 'llm' },
  { name: 'review', agent: 'human' },
  { name: 'write', agent: 'writer', queue: 'llm' },
];
const startedWith = (...names: readonly string[]): ExecutionEvent => ({
  type: 'ExecutionStarted',
  data: {
    userId: 'ann',
    pipeline: { name: 'p', stages: stages.filter(({ name }) => names.includes(name)) },
    input: null,
  },
});
const started = startedWith('plan', 'review', 'write');
const at = (stage: string, stageOrder: number, taskId: string) => ({ stage, stageOrder, taskId });
const dispatched = (stage: string, stageOrder: number, taskId: string): ExecutionEvent => ({
  type: 'StageDispatched',
  data: at(stage, stageOrder, taskId),
});
const planDispatched = dispatched('plan', 0, 't-1');
/** What the pipeline saves when a task is completed. */
const result = (
  taskId: string,
  stageOrder: number,
  { state = {}, outputs }: { state?: object; outputs?: JsonValue },
): ExecutionEvent => {
  const { name: stage = '', agent = '' } = stages[stageOrder] ?? {};
  return {
    type: 'CheckpointSaved',
    data: {
      ...{ checkpointId: `c-${taskId}`, agent, stage, stageOrder },
      ...(outputs !== undefined && { outputs }),
      taskId,
      state: state as Record<string, JsonValue>,
    },
  };
};
/** A checkpoint of the first stage that somebody saved. */
const saved = (id: string): ExecutionEvent => savedInFull(checkpoint(id, { n: 1 }));
const planned = result('t-1', 0, { state: { plan: 1 } });
const reviewed = savedInFull({
  ...checkpoint('c-r', { plan: 'all of it was looked at by a person' }),
  ...{ agent: 'human', stage: 'review', stageOrder: 1 },
});
const fork: ExecutionEvent = {
  type: 'StreamForked',
  data: { ancestry: [{ stream: 'execution-a', through: 2 }], scope: 'stream' },
};

const advance: ExecutionCommand = { type: 'AdvancePipeline', taskId: 't-9' };
const resume: ExecutionCommand = { type: 'ResumeExecution', taskId: 't-9' };
const finish = (taskId: string, given?: JsonValue): ExecutionCommand => ({
  ...{ type: 'FinishStage', taskId, checkpointId: `c-${taskId}` },
  ...(given !== undefined && { result: given }),
});

describe('a pipeline', () => {
  it('begins with its first stage, where that has a queue', () =>
    given(execution)
      .events(started)
      .when(advance)
      .adds(dispatched('plan', 0, 't-9')));
  it('waits where its first stage has none', () =>
    given(execution).events(startedWith('review', 'write')).when(advance).changesNothing());
  it('waits for the task under way', () =>
    given(execution).events(started, planDispatched).when(advance).changesNothing());
  it('waits at a stage without a queue, and goes on once a checkpoint is saved for it', () => {
    const history = [started, planDispatched, planned];
    given(execution)
      .events(...history)
      .when(advance)
      .changesNothing();
    given(execution)
      .events(...history, reviewed)
      .when(advance)
      .adds(dispatched('write', 2, 't-9'));
  });
  it('goes on after the stage of the newest checkpoint, be that an earlier one than before', () =>
    given(execution)
      .events(
        startedWith('plan', 'write'),
        { ...saved('c-2'), data: { ...saved('c-2').data, stageOrder: 1 } } as never,
        saved('c-1'),
      )
      .when(advance)
      .adds(dispatched('write', 1, 't-9')));
  it('is completed after its last stage, with the outputs of that', () =>
    given(execution)
      .events(startedWith('plan'), planDispatched, result('t-1', 0, { outputs: ['a'] }))
      .when(advance)
      .adds({ type: 'ExecutionCompleted', data: { output: ['a'] } }));
  it('is completed without an output where the last stage gave none', () =>
    given(execution)
      .events(startedWith('plan'), planDispatched, planned)
      .when(advance)
      .adds({ type: 'ExecutionCompleted', data: {} }));
  it('is not completed by itself where its last stage has no queue, or is long past', () => {
    given(execution)
      .events(startedWith('plan', 'review'), planDispatched, planned, reviewed)
      .when(advance)
      .changesNothing();
    given(execution)
      .events(startedWith('plan'), savedInFull({ ...checkpoint('c', {}), stageOrder: 7 }))
      .when(advance)
      .changesNothing();
  });
  it.each([completed, failed, cancelled])('stands still after $type', (end) => {
    given(execution).events(started, end).when(advance).changesNothing();
    given(execution).events(started, planDispatched, end).when(finish('t-1')).changesNothing();
  });
  it('is no matter of an execution that has none', () =>
    given(execution)
      .events({ type: 'ExecutionStarted', data: { userId: 'ann', input: null } })
      .when(advance)
      .changesNothing());
  it('is not found where there is no execution', () => {
    for (const command of [advance, resume, finish('t-1')])
      given(execution).events().when(command).rejects('execution-not-found');
  });
});

describe('the result of a task', () => {
  const results: readonly (readonly [JsonValue | undefined, object])[] = [
    [undefined, {}],
    [null, {}],
    [{}, {}],
    [{ state: { a: 1 } }, { state: { a: 1 } }],
    [{ outputs: [1] }, { outputs: [1] }],
    [{ outputs: null }, { outputs: null }],
    [
      { state: { a: 1 }, outputs: 0 },
      { state: { a: 1 }, outputs: 0 },
    ],
    ['done', { outputs: 'done' }],
    [false, { outputs: false }],
    [[1, 2], { outputs: [1, 2] }],
    [{ answer: 42 }, { outputs: { answer: 42 } }],
    [{ state: { a: 1 }, more: 2 }, { outputs: { state: { a: 1 }, more: 2 } }],
    [{ state: 'ready' }, { outputs: { state: 'ready' } }],
    [{ state: [1] }, { outputs: { state: [1] } }],
    [{ state: null, outputs: 1 }, { outputs: { state: null, outputs: 1 } }],
  ];
  it.each(results)('%j is saved as a checkpoint of the stage with %j', (given_, saved) =>
    given(execution)
      .events(started, planDispatched)
      .when(finish('t-1', given_))
      .adds(result('t-1', 0, saved)),
  );
  it('leaves the state as it was where it says nothing of it', () => {
    const before = savedInFull({ ...checkpoint('c-0', { kept: true }), stageOrder: 9 });
    const { state: _, ...head } = result('t-1', 0, {}).data as Record<string, unknown>;
    given(execution)
      .events(started, before, planDispatched)
      .when(finish('t-1'))
      .adds({ type: 'CheckpointSaved', data: { ...head, stateDelta: [] } } as never);
  });
  it('changes nothing where it is another task, or the same once more', () => {
    given(execution).events(started, planDispatched).when(finish('t-7')).changesNothing();
    given(execution).events(started, planDispatched, planned).when(finish('t-1')).changesNothing();
  });
  it('under an id that another checkpoint has fails the execution', () =>
    given(execution)
      .events(started, saved('c-t-1'), planDispatched)
      .when(finish('t-1', { state: { plan: 1 } }))
      .adds({
        type: 'ExecutionFailed',
        data: { error: 'another checkpoint has the id of the result of stage plan' },
      }));
  it.each([
    ['a state', { state: { long: 'ø'.repeat(460_800) } }],
    ['outputs', { outputs: 'x'.repeat(1_000_000) }],
    ['both', { state: { long: 'x'.repeat(900_000) }, outputs: 'x'.repeat(100_000) }],
  ])('that is too large, %s, fails the execution', (_, large) =>
    given(execution)
      .events(started, planDispatched)
      .when(finish('t-1', large))
      .adds({
        type: 'ExecutionFailed',
        data: { error: 'the result of stage plan is too large for a checkpoint' },
      }),
  );
});

describe('a worker that saves checkpoints of its stage itself', () => {
  const own = savedInFull({ ...checkpoint('c-own', { half: true }), outputs: 'own' });
  it('has no other saved for it: the stage is only noted as finished', () =>
    given(execution)
      .events(started, planDispatched, own)
      .when(finish('t-1', { outputs: 1 }))
      .adds({ type: 'StageFinished', data: at('plan', 0, 't-1') }));
  it('does not move the pipeline before its task is completed', () => {
    given(execution)
      .events(startedWith('plan', 'write'), planDispatched, own)
      .when(advance)
      .changesNothing();
    given(execution)
      .events(startedWith('plan', 'write'), ...[planDispatched, own], {
        type: 'StageFinished',
        data: at('plan', 0, 't-1'),
      })
      .when(advance)
      .adds(dispatched('write', 1, 't-9'));
  });
  it('completes the execution with what the task gave, or else the checkpoint', () => {
    const history = [startedWith('plan'), planDispatched, own];
    given(execution)
      .events(...history)
      .when(finish('t-1', { outputs: 1 }))
      .adds({ type: 'ExecutionCompleted', data: { output: 1 } });
    given(execution)
      .events(...history)
      .when(finish('t-1'))
      .adds({ type: 'ExecutionCompleted', data: { output: 'own' } });
  });
  it('is one whose checkpoint came since the stage was dispatched, and is of that stage', () => {
    const other = savedInFull({ ...checkpoint('c-o', { odd: 1 }), stageOrder: 5 });
    for (const history of [
      [started, own, planDispatched],
      [started, planDispatched, other],
    ]) {
      const state = stateOf(execution, history);
      expect(execution.decide(finish('t-1'), state)).toMatchObject([{ type: 'CheckpointSaved' }]);
    }
  });
});

describe('a stage that does not end well', () => {
  const fail: ExecutionCommand = { type: 'FailStage', taskId: 't-1', error: 'no key' };
  const cancel: ExecutionCommand = { type: 'CancelStage', taskId: 't-1', reason: 'too dear' };
  it('fails the execution when its task is given up', () =>
    given(execution)
      .events(started, planDispatched)
      .when(fail)
      .adds({ type: 'ExecutionFailed', data: { error: 'no key' } }));
  it('cancels it when its task is cancelled', () =>
    given(execution)
      .events(started, planDispatched)
      .when(cancel)
      .adds({ type: 'ExecutionCancelled', data: { reason: 'too dear' } }));
  it.each([fail, cancel])('is no matter of another task, or once all is over: $type', (command) => {
    given(execution).events(started).when(command).changesNothing();
    given(execution)
      .events(started, dispatched('plan', 0, 't-2'))
      .when(command)
      .changesNothing();
    given(execution).events(started, planDispatched, planned).when(command).changesNothing();
    given(execution).events(started, planDispatched, completed).when(command).changesNothing();
  });
});

describe('a fork', () => {
  const two = startedWith('plan', 'write');
  it('stands still, whatever is saved in it, until it is resumed', () => {
    given(execution).events(two, planDispatched, planned, fork).when(advance).changesNothing();
    given(execution)
      .events(two, planDispatched, planned, fork, savedInFull(checkpoint('c-x', { own: 1 })))
      .when(advance)
      .changesNothing();
  });
  it('goes on with the next stage when it is resumed, and by itself from there', () => {
    const resumed = dispatched('write', 1, 't-9');
    const history = [two, planDispatched, planned, fork];
    given(execution)
      .events(...history)
      .when(resume)
      .adds(resumed);
    given(execution)
      .events(...history, resumed)
      .when(resume)
      .changesNothing();
    given(execution)
      .events(...history, resumed, {
        ...result('t-9', 0, { outputs: 'end' }),
        data: { ...result('t-9', 0, { outputs: 'end' }).data, stage: 'write', stageOrder: 1 },
      } as ExecutionEvent)
      .when(advance)
      .adds({ type: 'ExecutionCompleted', data: { output: 'end' } });
  });
  it("has no part in its ancestor's task", () => {
    const history = [two, planDispatched, fork];
    expect(stateOf(execution, history)).not.toHaveProperty('dispatched');
    given(execution)
      .events(...history)
      .when(finish('t-1', { state: { a: 1 } }))
      .changesNothing();
    given(execution)
      .events(...history)
      .when({ type: 'FailStage', taskId: 't-1', error: 'x' })
      .changesNothing();
    given(execution)
      .events(...history)
      .when(resume)
      .adds(dispatched('plan', 0, 't-9'));
  });
  it('of an execution that is over cannot be resumed', () =>
    given(execution)
      .events(two, completed, fork)
      .when(resume)
      .rejects('execution-already-finished'));
  it('is resumed at stages with queues only', () => {
    given(execution)
      .events(started, planDispatched, planned, fork)
      .when(resume)
      .rejects('stage-not-queued');
    given(execution)
      .events({ type: 'ExecutionStarted', data: { userId: 'ann', input: null } }, fork)
      .when(resume)
      .rejects('stage-not-queued');
  });
  it('of a pipeline without queues is not said to stand still', () =>
    expect(stateOf(execution, [startedWith('review'), fork])).not.toHaveProperty('held'));
});

it('stands still as a record until it is resumed', () => {
  const record = { ...started, data: { ...started.data, held: true } } as ExecutionEvent;
  given(execution).events(record).when(advance).changesNothing();
  given(execution).events(record, saved('c-1')).when(advance).changesNothing();
  given(execution)
    .events(record)
    .when(resume)
    .adds(dispatched('plan', 0, 't-9'));
});

describe('pruning checkpoints', () => {
  const three = [started, saved('c-1'), saved('c-2'), saved('c-3')] as const;
  const prune = (through: number, total: number): ExecutionCommand => ({
    ...{ type: 'PruneCheckpoints', through, total },
  });
  const pruned = (through: number, count: number): ExecutionEvent => ({
    ...{ type: 'CheckpointsPruned', data: { through, count } },
  });
  it('says how many went', () =>
    given(execution)
      .events(...three)
      .when(prune(2, 2))
      .adds(pruned(2, 2)));
  it('counts those that went before only once', () =>
    given(execution)
      .events(...three, pruned(1, 1))
      .when(prune(2, 2))
      .adds(pruned(2, 1)));
  it('adds nothing twice, nor for what is gone already', () => {
    given(execution)
      .events(...three, pruned(2, 2))
      .when(prune(2, 2))
      .changesNothing();
    given(execution)
      .events(...three, pruned(2, 2))
      .when(prune(1, 1))
      .changesNothing();
    given(execution)
      .events(...three)
      .when(prune(-1, 0))
      .changesNothing();
  });
  it('is possible after the end, and leaves state and known ids as they were', () => {
    given(execution)
      .events(...three, completed)
      .when(prune(2, 2))
      .adds(pruned(2, 2));
    const { pruned: _, ...after } = stateOf(execution, [...three, pruned(2, 2)]) as Exclude<
      Execution,
      { status: 'absent' }
    >;
    expect(after).toStrictEqual(stateOf(execution, three));
    given(execution)
      .events(...three, pruned(2, 2))
      .when(save(checkpoint('c-1', { n: 1 })))
      .changesNothing();
  });
});
