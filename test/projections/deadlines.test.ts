import { describe, expect, it } from '@jest/globals';
import { deadlines } from '../../projections/deadlines.js';
import type { Fact } from '../../src/domain/decider.js';
import type { TaskEvent } from '../../src/domain/task.js';
import {
  cancelled,
  deadline,
  expired,
  raised,
  raisedForEver,
  resolved,
} from '../support/interrupt-facts.js';
import { eventsOf, project } from './support/project.js';

const documentOf = (stream: string, ...facts: readonly Fact[]) =>
  project(deadlines, eventsOf(stream, facts));

describe('the deadline of an interrupt', () => {
  const stream = 'interrupt-1';

  it('is when it expires', () => {
    expect(documentOf(stream, raised)).toStrictEqual([
      { _id: stream, stream, kind: 'interrupt', dueAt: deadline, revision: 0, position: 1 },
    ]);
  });

  it.each([[resolved], [cancelled], [expired]])('is over with %j', (settled) => {
    expect(documentOf(stream, raised, settled)).toStrictEqual([
      { _id: stream, stream, kind: 'interrupt', revision: 1, position: 2 },
    ]);
  });

  it('is not there for one that waits for as long as it takes', () => {
    expect(documentOf(stream, raisedForEver)).toStrictEqual([]);
    expect(documentOf(stream, raisedForEver, resolved)).toStrictEqual([]);
  });

  it('is not inherited', () => {
    const forked = {
      type: 'StreamForked',
      data: { ancestry: [{ stream, through: 0 }], scope: 'stream' },
    };
    const events = eventsOf('interrupt-2', [forked, resolved], { first: 1 });
    expect(project(deadlines, events)).toStrictEqual([]);
  });

  it('is its own in a fork that waits anew', () => {
    const forked = {
      type: 'StreamForked',
      data: { ancestry: [{ stream, through: 0 }], scope: 'stream', expiresAt: deadline },
    };
    const [fork] = eventsOf('interrupt-2', [forked], { first: 1 });
    expect(fork && project(deadlines, [fork])).toStrictEqual([
      {
        ...{ _id: 'interrupt-2', stream: 'interrupt-2', kind: 'interrupt' },
        ...{ dueAt: deadline, revision: 1, position: 1 },
      },
    ]);
  });
});

describe('the deadline of a task', () => {
  const stream = 'task-1';
  const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
  const submitted: TaskEvent = {
    type: 'TaskSubmitted',
    data: {
      ...{ userId: 'ann', type: 'mail', queue: 'q', priority: 5, payload: null },
      ...{ maxAttempts: 3, timeoutSeconds: 60 },
    },
  };
  const delayed: TaskEvent = {
    type: 'TaskSubmitted',
    data: { ...submitted.data, notBefore: at(1), delayed: true },
  };
  const claimed: TaskEvent = {
    type: 'TaskClaimed',
    data: {
      ...{ queue: 'q', workerId: 'w', attempt: 1, leaseToken: 't', leaseSeconds: 1 },
      ...{ leaseExpiresAt: at(2), timesOutAt: at(9) },
    },
  };
  const extended: TaskEvent = {
    type: 'TaskLeaseExtended',
    data: { queue: 'q', leaseExpiresAt: at(3) },
  };
  const failed: TaskEvent = {
    type: 'TaskAttemptFailed',
    data: { queue: 'q', workerId: 'w', error: 'no', retryAt: at(4) },
  };
  const timedOut: TaskEvent = {
    type: 'TaskLeaseExpired',
    data: { queue: 'q', workerId: 'w', reason: 'timed-out', retryAt: at(5) },
  };
  const lost: TaskEvent = {
    type: 'TaskLeaseExpired',
    data: { queue: 'q', workerId: 'w', reason: 'lease-expired' },
  };
  const due: TaskEvent = { type: 'TaskBecameDue', data: { queue: 'q' } };
  const completed: TaskEvent = { type: 'TaskCompleted', data: { queue: 'q', workerId: 'w' } };
  const givenUp: TaskEvent = { type: 'TaskDeadLettered', data: { queue: 'q', reason: 'no' } };
  const retried: TaskEvent = { type: 'TaskRetried', data: { queue: 'q', from: 'delayed' } };
  const dropped: TaskEvent = { type: 'TaskCancelled', data: { queue: 'q', from: 'delayed' } };

  it.each<[string, readonly TaskEvent[], string]>([
    ['when a delayed one is due', [delayed], at(1)],
    ['when the lease ends', [submitted, claimed], at(2)],
    ['when the extended lease ends', [submitted, claimed, extended], at(3)],
    ['when it is tried again after a failure', [submitted, claimed, failed], at(4)],
    ['when it is tried again after it took too long', [submitted, claimed, timedOut], at(5)],
    ['when the next lease ends', [delayed, due, claimed, failed, due, claimed], at(2)],
  ])('is %s', (_, facts, dueAt) => {
    const document = { stream, kind: 'task', dueAt, revision: facts.length - 1 };
    expect(documentOf(stream, ...facts)).toStrictEqual([
      { _id: stream, ...document, position: facts.length },
    ]);
  });

  it.each<[string, readonly TaskEvent[]]>([
    ['it is due', [delayed, due]],
    ['it is done', [submitted, claimed, completed]],
    ['it is given up', [submitted, claimed, lost, givenUp]],
    ['it is ready at once', [submitted, claimed, lost]],
    ['it is retried by hand', [submitted, claimed, failed, retried]],
    ['it is cancelled', [delayed, dropped]],
  ])('is over when %s', (_, facts) => {
    const document = { stream, kind: 'task', revision: facts.length - 1 };
    expect(documentOf(stream, ...facts)).toStrictEqual([
      { _id: stream, ...document, position: facts.length },
    ]);
  });

  it('is not there for one that is ready from the start', () => {
    expect(documentOf(stream, submitted)).toStrictEqual([]);
    expect(documentOf(stream, { ...submitted, data: { ...delayed.data, delayed: false } })).toEqual(
      [],
    );
  });
});
