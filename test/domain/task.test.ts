import { describe, expect, it } from '@jest/globals';
import { type TaskEvent, task } from '../../src/domain/task.js';
import { given, stateOf } from '../support/given.js';
import {
  at,
  becameDue,
  cancel,
  cancelled,
  cancelRequested,
  claim,
  claimed,
  complete,
  completed,
  deadLettered,
  failed,
  forkedAt,
  leaseExpired,
  passDeadline,
  progressed,
  retried,
  retry,
  submit,
  submitted,
  submittedForLater,
} from '../support/task-facts.js';

describe('submitting a task', () => {
  it('puts it in its queue', () => given(task).events().when(submit()).adds(submitted()));
  it('delays one that is not to be handed out yet', () =>
    given(task)
      .events()
      .when(submit({ notBefore: at(60) }))
      .adds(submittedForLater));
  it('delays none whose moment has passed', () =>
    given(task)
      .events()
      .when(submit({ notBefore: at(0) }))
      .adds(submitted({ notBefore: at(0) })));
  it('takes the same one twice without a second event, whatever became of it', () =>
    given(task).events(submitted(), claimed(), completed).when(submit()).changesNothing());
  it('takes the same delayed one twice', () =>
    given(task)
      .events(submittedForLater, becameDue)
      .when(submit({ notBefore: at(60) }))
      .changesNothing());
  it('turns down another one under the same id', () =>
    given(task)
      .events(submitted())
      .when(submit({ payload: 'other' }))
      .rejects('task-already-exists'));
});

describe('a task that nobody submitted', () => {
  it.each([claim(), complete(), passDeadline(0), retry, cancel])('is not there for %j', (command) =>
    given(task).events().when(command).rejects('task-not-found'),
  );
});

describe('claiming a task', () => {
  it('hands it out for the time of the lease', () =>
    given(task).events(submitted()).when(claim()).adds(claimed()));
  it('lets no lease go beyond the time that an attempt may take', () =>
    given(task)
      .events(submitted({ timeoutSeconds: 20 }))
      .when(claim())
      .adds({
        type: 'TaskClaimed',
        data: {
          ...{ queue: 'llm', workerId: 'w-1', attempt: 1 },
          ...{ leaseToken: 'token-1', leaseSeconds: 30 },
          ...{ leaseExpiresAt: at(30), timesOutAt: at(30) },
        },
      }));
  it('counts attempts', () =>
    given(task)
      .events(submitted(), claimed(), failed(21), becameDue)
      .when(claim(2, 30))
      .adds(claimed(2, 30)));
  it('takes the same claim twice without a second event', () =>
    given(task).events(submitted(), claimed()).when(claim()).changesNothing());
  it.each<readonly [string, readonly TaskEvent[]]>([
    ['somebody else has', [submitted(), claimed()]],
    ['is not due yet', [submittedForLater]],
    ['is completed', [submitted(), claimed(), completed]],
    ['is dead', [submitted(), claimed(), failed(), deadLettered('not-retryable')]],
    ['is cancelled', [submitted(), cancelled('ready')]],
    ['is a fork', [submitted(), forkedAt(0)]],
  ])('turns down one that %s', (_, history) =>
    given(task)
      .events(...history)
      .when(claim(9))
      .rejects('task-not-ready'),
  );
});

describe('the time that a task waits for', () => {
  it('makes a delayed task ready once it has come', () =>
    given(task).events(submittedForLater).when(passDeadline(60)).adds(becameDue));
  it('changes nothing before', () =>
    given(task).events(submittedForLater).when(passDeadline(59)).changesNothing());
  it('changes nothing after', () =>
    given(task).events(submittedForLater, becameDue).when(passDeadline(61)).changesNothing());
  it('comes after a failed attempt, too', () =>
    given(task).events(submitted(), claimed(), failed(21)).when(passDeadline(21)).adds(becameDue));
  it.each<readonly [string, readonly TaskEvent[]]>([
    ['ready', [submitted()]],
    ['completed', [submitted(), claimed(), completed]],
    ['cancelled', [submittedForLater, cancelled('delayed')]],
  ])('is nothing to a %s task', (_, history) =>
    given(task)
      .events(...history)
      .when(passDeadline(9_999))
      .changesNothing(),
  );
});

describe('retrying a task by hand', () => {
  it.each<readonly [string, readonly TaskEvent[], TaskEvent]>([
    ['dead', [submitted(), claimed(), failed(), deadLettered('not-retryable')], retried('dead')],
    ['cancelled', [submitted(), cancelled('ready')], retried('cancelled')],
    ['delayed', [submittedForLater], retried('delayed')],
    ['forked', [submitted(), forkedAt(0)], retried('fork')],
  ])('puts a %s one back in its queue', (_, history, added) =>
    given(task)
      .events(...history)
      .when(retry)
      .adds(added),
  );
  it('lets it have all of its attempts again, and forgets why it was over', () => {
    const history = [submitted(), claimed(), failed(), deadLettered('not-retryable')];
    expect(stateOf(task, [...history, retried('dead')])).toMatchObject({
      status: 'ready',
      attempts: 0,
      error: 'no network',
    });
    expect(stateOf(task, [...history, retried('dead')])).not.toHaveProperty('reason');
  });
  it('does nothing to one that is ready', () =>
    given(task).events(submitted()).when(retry).changesNothing());
  it.each<readonly [string, readonly TaskEvent[]]>([
    ['running', [submitted(), claimed()]],
    ['completed', [submitted(), claimed(), completed]],
  ])('is refused for one that is %s', (_, history) =>
    given(task)
      .events(...history)
      .when(retry)
      .rejects('task-not-retryable'),
  );
  it('knows a fork that was retried for what it is', () =>
    given(task)
      .events(submitted(), forkedAt(0), retried('fork'), cancelled('ready'))
      .when(retry)
      .adds(retried('cancelled')));
});

describe('cancelling a task', () => {
  it.each<readonly [string, readonly TaskEvent[], TaskEvent]>([
    ['ready', [submitted()], cancelled('ready')],
    ['delayed', [submittedForLater], cancelled('delayed')],
    ['dead', [submitted(), claimed(), failed(), deadLettered('not-retryable')], cancelled('dead')],
  ])('is done at once where it is %s', (_, history, added) =>
    given(task)
      .events(...history)
      .when(cancel)
      .adds(added),
  );
  it('is asked of its holder where it is running', () =>
    given(task).events(submitted(), claimed()).when(cancel).adds(cancelRequested));
  it('is done at once to a running one if need be, which takes the lease away', () => {
    given(task)
      .events(submitted(), claimed())
      .when({ ...cancel, atOnce: true } as typeof cancel)
      .adds(cancelled('running', { workerId: 'w-1' }));
    given(task)
      .events(submitted(), claimed(), cancelled('running'))
      .when(complete())
      .rejects('lease-lost');
  });
  it('is asked once', () =>
    given(task).events(submitted(), claimed(), cancelRequested).when(cancel).changesNothing());
  it('is done once', () =>
    given(task).events(submitted(), cancelled('ready')).when(cancel).changesNothing());
  it('leaves it to the holder to complete the task all the same', () =>
    given(task).events(submitted(), claimed(), cancelRequested).when(complete()).adds(completed));
  it('is too late for one that is completed', () =>
    given(task)
      .events(submitted(), claimed(), completed)
      .when(cancel)
      .rejects('task-already-settled'));
  it('comes true when the lease expires', () =>
    given(task)
      .events(submitted(), claimed(), cancelRequested)
      .when(passDeadline(40))
      .adds(leaseExpired({ final: true }), cancelled('running')));
});

describe('a forked task', () => {
  it('has the past of its ancestor, and neither its lease nor its work', () => {
    const state = stateOf(task, [submitted(), claimed(), progressed(40, 12), forkedAt(2)]);
    expect(state).toStrictEqual({
      ...submitted().data,
      status: 'cancelled',
      attempts: 1,
      progress: { percent: 40, at: at(12) },
      cancelRequested: false,
      inert: true,
      forkedFrom: { stream: 'task-1', revision: 2 },
    });
  });
  it('stays completed where its ancestor was', () =>
    expect(stateOf(task, [submitted(), claimed(), completed, forkedAt(2)])).toMatchObject({
      status: 'completed',
      result: { pages: 3 },
    }));
  it('is in no queue, and so cannot be cancelled', () =>
    given(task)
      .events(submitted(), claimed(), failed(), deadLettered('x'), forkedAt(3))
      .when(cancel)
      .rejects('task-already-settled'));
});
