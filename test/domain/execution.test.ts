import { describe, expect, it } from '@jest/globals';
import {
  type ExecutionCommand,
  type ExecutionEvent,
  execution,
} from '../../src/domain/execution.js';
import {
  cancel,
  cancelled,
  checkpoint,
  complete,
  completed,
  fail,
  failed,
  save,
  savedInFull,
  start,
  started,
} from '../support/execution-facts.js';
import { given, stateOf } from '../support/given.js';

const first = checkpoint('c-1', { step: 1 });

describe('starting an execution', () => {
  it('records what is to be done and for whom', () =>
    given(execution).events().when(start).adds(started));
  it('needs neither session, request nor pipeline', () =>
    given(execution)
      .events()
      .when({ type: 'StartExecution', userId: 'ann', input: null })
      .adds({ type: 'ExecutionStarted', data: { userId: 'ann', input: null } }));
  it('takes the same command twice without a second event', () =>
    given(execution).events(started).when(start).changesNothing());
  it('knows the same command even after the end', () =>
    given(execution).events(started, savedInFull(first), completed).when(start).changesNothing());

  const others: readonly Partial<typeof start>[] = [
    { userId: 'bob' },
    { sessionId: 's-2' },
    { requestId: 'r-2' },
    { pipeline: { name: 'research', stages: [] } },
    { input: { topic: 'trolls' } },
    { input: null },
  ];
  it.each(others)('turns down another execution under the same id: %j', (difference) =>
    given(execution)
      .events(started)
      .when({ ...start, ...difference })
      .rejects('execution-already-exists'),
  );
  it('turns down one that leaves out what the other had', () =>
    given(execution)
      .events(started)
      .when({ type: 'StartExecution', userId: 'ann', input: { topic: 'fjords' } })
      .rejects('execution-already-exists'));
});

describe('an execution that does not exist', () => {
  it.each([save(first), complete, fail, cancel])('is not found by $type', (command) =>
    given(execution).events().when(command).rejects('execution-not-found'),
  );
  it('stays absent whatever other event its stream begins with', () => {
    for (const fact of [savedInFull(first), completed])
      expect(stateOf(execution, [fact])).toStrictEqual({ status: 'absent' });
  });
});

const ends: Readonly<Record<string, readonly [ExecutionCommand, ExecutionEvent]>> = {
  completed: [complete, completed],
  failed: [fail, failed],
  cancelled: [cancel, cancelled],
};

describe('ending an execution', () => {
  it.each(Object.entries(ends))('is %s while it runs', (status, [command, event]) => {
    given(execution).events(started).when(command).adds(event);
    expect(stateOf(execution, [started, event]).status).toBe(status);
  });
  it.each(Object.entries(ends))('is %s only once', (_, [command, event]) =>
    given(execution).events(started, event).when(command).changesNothing(),
  );
  it.each(
    Object.entries(ends).flatMap(([end, [, event]]) =>
      Object.entries(ends)
        .filter(([other]) => other !== end)
        .map(([other, [command]]) => ({ end, event, other, command })),
    ),
  )('is not $other once it is $end', ({ event, command }) =>
    given(execution).events(started, event).when(command).rejects('execution-already-finished'),
  );

  const others: readonly (readonly [ExecutionEvent, ExecutionCommand])[] = [
    [completed, { type: 'CompleteExecution', output: { pages: 4 } }],
    [completed, { type: 'CompleteExecution' }],
    [{ type: 'ExecutionCompleted', data: {} }, complete],
    [failed, { type: 'FailExecution', error: 'no power' }],
    [cancelled, { type: 'CancelExecution', reason: 'too dear' }],
    [cancelled, { type: 'CancelExecution' }],
  ];
  it.each(others)('turns down another outcome: %j, then %j', (event, command) =>
    given(execution).events(started, event).when(command).rejects('execution-already-finished'),
  );
  it('needs neither output nor reason', () => {
    const bare: readonly (readonly [ExecutionCommand, ExecutionEvent])[] = [
      [{ type: 'CompleteExecution' }, { type: 'ExecutionCompleted', data: {} }],
      [{ type: 'CancelExecution' }, { type: 'ExecutionCancelled', data: {} }],
    ];
    for (const [command, event] of bare) {
      given(execution).events(started).when(command).adds(event);
      given(execution).events(started, event).when(command).changesNothing();
    }
  });
});

describe('what an execution belongs to', () => {
  it('is its session', () =>
    expect(execution.correlationOf(stateOf(execution, [started]))).toBe('s-1'));
  it('is its request where it has no session', () => {
    const { sessionId: _, ...data } = started.data;
    const state = stateOf(execution, [{ type: 'ExecutionStarted', data }]);
    expect(execution.correlationOf(state)).toBe('r-1');
  });
  it('is nothing where it has neither', () => {
    const alone: ExecutionEvent = {
      type: 'ExecutionStarted',
      data: { userId: 'ann', input: null },
    };
    expect(execution.correlationOf(stateOf(execution, [alone]))).toBeUndefined();
    expect(execution.ownerOf(stateOf(execution, [alone]))).toBe('ann');
    expect(execution.ownerOf(execution.initial)).toBeUndefined();
  });
});

it('goes on in a fork from the checkpoint it inherits', () => {
  const history = [started, savedInFull(first)];
  const forked: ExecutionEvent = {
    type: 'StreamForked',
    data: { ancestry: [{ stream: 'execution-a', through: 1 }], scope: 'stream' },
  };
  expect(stateOf(execution, [...history, forked])).toStrictEqual({
    ...stateOf(execution, history),
    held: true,
    forkedFrom: { stream: 'execution-a', revision: 1 },
  });
});

it('passes over events of a type it has never heard of', () =>
  expect(
    stateOf(execution, [started, { type: 'StageAdmired', data: { stage: 'plan' } } as never]),
  ).toStrictEqual(stateOf(execution, [started])));
