import { describe, expect, it } from '@jest/globals';
import { isRejection } from '../../src/domain/decider.js';
import {
  type ExecutionEvent,
  execution,
  type SavedCheckpoint,
} from '../../src/domain/execution.js';
import type { JsonObject } from '../../src/domain/json.js';
import { fullStateEvery } from '../../src/domain/stored-state.js';
import {
  cancelled,
  checkpoint,
  completed,
  failed,
  save,
  savedInFull,
  started,
} from '../support/execution-facts.js';
import { given, stateOf } from '../support/given.js';

/** A state that is long next to one more step. */
const notes = (step: number): JsonObject => ({ step, notes: 'x'.repeat(200) });
const first = checkpoint('c-1', notes(1));
const second = checkpoint('c-2', notes(2));

/** Saves one checkpoint after another and gives the events. */
const chain = (saved: readonly SavedCheckpoint[]): readonly ExecutionEvent[] => {
  const events: ExecutionEvent[] = [started];
  for (const one of saved) {
    const decision = execution.decide(save(one), stateOf(execution, events));
    if (isRejection(decision)) throw new Error(decision.rejected);
    events.push(...decision);
  }
  return events;
};

const isDelta = ({ data }: ExecutionEvent): boolean => 'stateDelta' in data;

describe('saving a checkpoint', () => {
  it('stores the first state in full', () =>
    given(execution).events(started).when(save(first)).adds(savedInFull(first)));
  it('keeps outputs and processing records', () => {
    const full = { ...first, outputs: { plan: ['a'] }, processing: [{ tool: 'search', ms: 12 }] };
    given(execution).events(started).when(save(full)).adds(savedInFull(full));
    expect(stateOf(execution, [started, savedInFull(full)])).toMatchObject({ latest: full });
  });
  it('stores what changed where that is far less', () => {
    const { state: _, ...head } = second;
    given(execution)
      .events(started, savedInFull(first))
      .when(save(second))
      .adds({
        type: 'CheckpointSaved',
        data: { ...head, stateDelta: [{ op: 'replace', path: '/step', value: 2 }] },
      });
  });
  it('stores the state in full where what changed is half of it or more', () => {
    const other = checkpoint('c-2', { step: 2, notes: 'y'.repeat(200) });
    given(execution).events(started, savedInFull(first)).when(save(other)).adds(savedInFull(other));
  });
  it('stores an unchanged state as no change', () => {
    const { state: _, ...head } = { ...second, state: first.state };
    given(execution)
      .events(started, savedInFull(first))
      .when(save({ ...second, state: first.state }))
      .adds({ type: 'CheckpointSaved', data: { ...head, stateDelta: [] } });
  });
  it.each([completed, failed, cancelled])('is turned down after $type', (end) =>
    given(execution).events(started, end).when(save(first)).rejects('execution-already-finished'),
  );
});

describe('saving a checkpoint again', () => {
  it('adds nothing, be it the latest or an earlier one', () => {
    const events = chain([first, second]);
    given(execution)
      .events(...events)
      .when(save(first))
      .changesNothing();
    given(execution)
      .events(...events)
      .when(save(second))
      .changesNothing();
  });
  it('adds nothing after the end', () =>
    given(execution)
      .events(started, savedInFull(first), completed)
      .when(save(first))
      .changesNothing());

  const differences: readonly Partial<SavedCheckpoint>[] = [
    { state: notes(9) },
    { agent: 'writer' },
    { stage: 'write' },
    { stageOrder: 1 },
    { outputs: null },
    { processing: [] },
  ];
  it.each(differences)('is turned down under the same id with %j', (difference) =>
    given(execution)
      .events(...chain([first, second]))
      .when(save({ ...second, ...difference }))
      .rejects('checkpoint-already-exists'),
  );
});

describe('a long chain of checkpoints', () => {
  const saved = Array.from({ length: 100 }, (_, index) => checkpoint(`c-${index}`, notes(index)));
  const events = chain(saved);

  it('has a full state every so often and deltas between', () => {
    const full = events.slice(1).flatMap((event, index) => (isDelta(event) ? [] : [index]));
    expect(fullStateEvery).toBe(32);
    expect(full).toStrictEqual([0, 32, 64, 96]);
  });
  it('gives every state back as it was', () => {
    for (const [index, { state }] of saved.entries())
      expect(stateOf(execution, events.slice(0, index + 2))).toMatchObject({ latest: { state } });
  });
  it('starts counting again after a state that had to be stored in full', () => {
    const changed = saved.with(10, checkpoint('c-10', { step: 10, notes: 'y'.repeat(200) }));
    const full = chain(changed.slice(0, 60))
      .slice(1)
      .flatMap((event, index) => (isDelta(event) ? [] : [index]));
    // The eleventh and the twelfth have everything replaced; from there on 31 deltas follow.
    expect(full).toStrictEqual([0, 10, 11, 43]);
  });
});
