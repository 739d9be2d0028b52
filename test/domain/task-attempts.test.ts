import { describe, it } from '@jest/globals';
import { type TaskCommand, type TaskEvent, task } from '../../src/domain/task.js';
import { given } from '../support/given.js';
import {
  at,
  becameDue,
  cancelled,
  cancelRequested,
  claimed,
  complete,
  completed,
  deadLettered,
  extended,
  fail,
  failed,
  leaseExpired,
  passDeadline,
  progressed,
  report,
  submitted,
} from '../support/task-facts.js';

const running = [submitted(), claimed()];
const heartbeat = (seconds: number): TaskCommand => ({
  type: 'ExtendLease',
  leaseToken: 'token-1',
  at: at(seconds),
});

describe('a lease', () => {
  it('goes on as it is during its first half', () =>
    given(task)
      .events(...running)
      .when(heartbeat(24))
      .changesNothing());
  it('is extended after that, counted from the heartbeat', () =>
    given(task)
      .events(...running)
      .when(heartbeat(25))
      .adds(extended(55)));
  it('is not extended again before half of it is over once more', () =>
    given(task)
      .events(...running, extended(55))
      .when(heartbeat(39))
      .changesNothing());
  it('is extended even after its time, while nothing took it away', () =>
    given(task)
      .events(...running)
      .when(heartbeat(41))
      .adds(extended(71)));
  it('never goes beyond the time that the attempt may take', () => {
    given(task)
      .events(...running, extended(300))
      .when(heartbeat(290))
      .adds(extended(310));
    given(task)
      .events(...running, extended(310))
      .when(heartbeat(309))
      .changesNothing();
  });
  it('that expires puts the task back at once: a worker that died is no fault of the task', () =>
    given(task)
      .events(...running)
      .when(passDeadline(40))
      .adds(leaseExpired()));
  it('does not expire before its time', () =>
    given(task)
      .events(...running, extended(55))
      .when(passDeadline(54))
      .changesNothing());
  it('that ends with the time of the attempt makes the task wait before the next', () =>
    given(task)
      .events(...running, extended(310))
      .when(passDeadline(310))
      .adds(leaseExpired({ reason: 'timed-out', retryAt: at(311) })));
  it('that expires in the last attempt ends the task', () =>
    given(task)
      .events(submitted({ maxAttempts: 1 }), claimed())
      .when(passDeadline(40))
      .adds(leaseExpired({ final: true }), deadLettered('lease-expired')));
});

const byHolder: readonly (readonly [string, TaskCommand])[] = [
  ['heartbeat', heartbeat(41)],
  ['progress', report(50, 41)],
  ['completion', complete()],
  ['failure', fail({ at: at(41) })],
];
const gone: readonly (readonly [string, readonly TaskEvent[]])[] = [
  ['expired', [...running, leaseExpired()]],
  ['went to somebody else', [...running, leaseExpired(), claimed(2, 42)]],
  ['was taken away by a cancellation', [...running, cancelled('running')]],
  ['never was', [submitted()]],
];

describe.each(byHolder)('a %s', (_, command) => {
  it.each(gone)('without a lease, for it %s, is turned down', (__, history) =>
    given(task)
      .events(...history)
      .when(command)
      .rejects('lease-lost'),
  );
});

describe('a failure in the words that an expiry is told in', () => {
  it('is turned down as well', () =>
    given(task)
      .events(...running, leaseExpired())
      .when(fail({ error: 'lease-expired' }))
      .rejects('lease-lost'));
});

describe('progress', () => {
  it('is stored', () =>
    given(task)
      .events(...running)
      .when(report(10, 12, 'reading'))
      .adds(progressed(10, 12, 'reading')));
  it('is passed over within a second of the last', () =>
    given(task)
      .events(...running, progressed(10, 12))
      .when(report(11, 12.9))
      .changesNothing());
  it('is stored a second later', () =>
    given(task)
      .events(...running, progressed(10, 12))
      .when(report(11, 13))
      .adds(progressed(11, 13)));
  it('is stored less often the longer the attempt has taken: after a hundredth of that', () => {
    const history = [...running, progressed(50, 210)];
    given(task)
      .events(...history)
      .when(report(51, 211.9))
      .changesNothing();
    given(task)
      .events(...history)
      .when(report(51, 212))
      .adds(progressed(51, 212));
  });
  it('is stored at once when it is the end', () =>
    given(task)
      .events(...running, progressed(99, 12))
      .when(report(100, 12.1))
      .adds(progressed(100, 12.1)));
  it('that is nothing new is not stored', () =>
    given(task)
      .events(...running, progressed(10, 12, 'a'))
      .when(report(10, 99, 'a'))
      .changesNothing());
});

describe('completing', () => {
  it('keeps the result', () =>
    given(task)
      .events(...running)
      .when(complete())
      .adds(completed));
  it('is taken after the time of the lease, while nothing took it away', () =>
    given(task)
      .events(...running, extended(12))
      .when(complete())
      .adds(completed));
  it('twice is once', () =>
    given(task)
      .events(...running, completed)
      .when(complete())
      .changesNothing());
  it('with another result afterwards is turned down', () =>
    given(task)
      .events(...running, completed)
      .when({ type: 'CompleteTask', leaseToken: 'token-1', result: 4 })
      .rejects('lease-lost'));
  it('by somebody else is turned down', () =>
    given(task)
      .events(...running)
      .when(complete(2))
      .rejects('lease-lost'));
});

describe('failing', () => {
  it.each([
    { attempt: 1, jitter: 1, waits: 1 },
    { attempt: 1, jitter: 0, waits: 0.5 },
    { attempt: 2, jitter: 1, waits: 2 },
    { attempt: 3, jitter: 1, waits: 4 },
    { attempt: 9, jitter: 1, waits: 256 },
    { attempt: 10, jitter: 1, waits: 300 },
    { attempt: 99, jitter: 0, waits: 150 },
  ])(
    'waits twice as long after each attempt: $waits s ($attempt, $jitter)',
    ({ attempt, jitter, waits }) =>
      given(task)
        .events(submitted({ maxAttempts: 100 }), claimed(attempt))
        .when(fail({ leaseToken: `token-${attempt}`, jitter }))
        .adds(failed(20 + waits, attempt)),
  );
  it('waits as long as the worker says', () =>
    given(task)
      .events(...running)
      .when(fail({ retryAfterSeconds: 90 }))
      .adds(failed(110)));
  it('for good is for good', () =>
    given(task)
      .events(...running)
      .when(fail({ retryable: false }))
      .adds(failed(), deadLettered('not-retryable')));
  it('in the last attempt is for good', () =>
    given(task)
      .events(submitted({ maxAttempts: 1 }), claimed())
      .when(fail())
      .adds(failed(), deadLettered('attempts-exhausted')));
  it('of a task that is to be cancelled cancels it', () =>
    given(task)
      .events(...running, cancelRequested)
      .when(fail())
      .adds(failed(), cancelled('running')));
  it.each<readonly [string, readonly TaskEvent[]]>([
    ['waits', [...running, failed(21)]],
    ['is ready again', [...running, failed(21), becameDue]],
    ['is dead', [...running, failed(), deadLettered('not-retryable')]],
  ])('twice is once, where the task %s', (_, history) =>
    given(task)
      .events(...history)
      .when(fail())
      .changesNothing(),
  );
});
