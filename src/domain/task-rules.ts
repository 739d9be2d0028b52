import { given } from '../fields.js';
import { type Decision, reject } from './decider.js';
import { isSameJson } from './json.js';
import type {
  LiveTask,
  RetryTiming,
  Submitted,
  Task,
  TaskCommand,
  TaskEvent,
  TaskRejection,
} from './task.js';
import { earlierOf, isBefore, type Moment, secondsAfter, secondsBetween } from './time.js';

type TaskDecision = Decision<TaskEvent, TaskRejection>;
type Named<Type extends TaskCommand['type']> = Extract<TaskCommand, { type: Type }>;

const firstWaitSeconds = 1;
const longestWaitSeconds = 300;

/** Until when to wait after so many attempts: twice as long each time, between half of that and all of it. */
const retryAt = (attempts: number, { at, jitter }: RetryTiming): Moment => {
  const wait = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** (attempts - 1));
  return secondsAfter(at, wait * (0.5 + jitter / 2));
};

const isExhausted = ({ attempts, maxAttempts }: LiveTask): boolean => attempts >= maxAttempts;

/** What a task was submitted with, of what is known of it. */
export const submittedAs = (task: Submitted): Submitted => {
  const { userId, type, queue, priority, payload, maxAttempts, timeoutSeconds } = task;
  const { notBefore, sessionId, executionId } = task;
  return given({
    userId,
    type,
    queue,
    priority,
    payload,
    maxAttempts,
    timeoutSeconds,
    notBefore,
    sessionId,
    executionId,
  });
};

const submit = ({ type: _, at, submitted }: Named<'SubmitTask'>, task: Task): TaskDecision => {
  if (task.status !== 'absent')
    return isSameJson(submittedAs(task), submitted) ? [] : reject('task-already-exists');
  const { notBefore } = submitted;
  const delayed = notBefore !== undefined && isBefore(at, notBefore);
  return [{ type: 'TaskSubmitted', data: { ...submitted, ...(delayed && { delayed }) } }];
};

const claim = (
  { workerId, leaseToken, leaseSeconds, at }: Named<'ClaimTask'>,
  task: LiveTask,
): TaskDecision => {
  const { status, lease, queue, attempts, timeoutSeconds } = task;
  if (status === 'running' && lease?.token === leaseToken) return [];
  if (status !== 'ready') return reject('task-not-ready');
  const timesOutAt = secondsAfter(at, timeoutSeconds);
  const leaseExpiresAt = earlierOf(secondsAfter(at, leaseSeconds), timesOutAt);
  const data = {
    queue,
    workerId,
    attempt: attempts + 1,
    leaseToken,
    leaseSeconds,
    leaseExpiresAt,
    timesOutAt,
  };
  return [{ type: 'TaskClaimed', data }];
};

/** The lease that a token stands for, while it is held. Late is not lost: only an event takes a lease away. */
const heldLease = ({ status, lease }: LiveTask, token: string) =>
  status === 'running' && lease?.token === token ? lease : undefined;

/**
 * Extends a lease once half of it is over; before that the lease goes on as it is, so that
 * heartbeats, however many, add one event per half lease at most.
 */
const extend = ({ leaseToken, at }: Named<'ExtendLease'>, task: LiveTask): TaskDecision => {
  const lease = heldLease(task, leaseToken);
  if (!lease) return reject('lease-lost');
  const isYoung = isBefore(secondsAfter(at, lease.seconds / 2), lease.expiresAt);
  const leaseExpiresAt = earlierOf(secondsAfter(at, lease.seconds), lease.timesOutAt);
  if (isYoung || !isBefore(lease.expiresAt, leaseExpiresAt)) return [];
  return [{ type: 'TaskLeaseExtended', data: { queue: task.queue, leaseExpiresAt } }];
};

const complete = ({ leaseToken, result }: Named<'CompleteTask'>, task: LiveTask): TaskDecision => {
  const { status, lease, queue } = task;
  const isSame =
    status === 'completed' && lease?.token === leaseToken && isSameJson(task.result, result);
  if (isSame) return [];
  const held = heldLease(task, leaseToken);
  if (!held) return reject('lease-lost');
  const { workerId } = held;
  const data = { queue, workerId, ...(result !== undefined && { result }) };
  return [{ type: 'TaskCompleted', data }];
};

const deadLettered = ({ queue }: LiveTask, reason: string): TaskEvent => ({
  type: 'TaskDeadLettered',
  data: { queue, reason },
});

/** What a holder was asked for comes true once the attempt is over. */
const cancelledAsAsked = ({ queue, reason }: LiveTask): TaskEvent => ({
  type: 'TaskCancelled',
  data: { queue, from: 'running', ...(reason !== undefined && { reason }) },
});

const fail = (command: Named<'FailTask'>, task: LiveTask): TaskDecision => {
  const { error, retryable, retryAfterSeconds, at } = command;
  const { status, lease, queue } = task;
  const held = heldLease(task, command.leaseToken);
  if (!held) {
    const isSame =
      lease?.token === command.leaseToken && task.error === error && status !== 'completed';
    return isSame ? [] : reject('lease-lost');
  }
  const failed = { queue, workerId: held.workerId, error };
  const last: TaskEvent = { type: 'TaskAttemptFailed', data: { ...failed, final: true } };
  if (task.cancelRequested) return [last, cancelledAsAsked(task)];
  if (!retryable || isExhausted(task))
    return [last, deadLettered(task, retryable ? 'attempts-exhausted' : 'not-retryable')];
  const due =
    retryAfterSeconds === undefined
      ? retryAt(task.attempts, command)
      : secondsAfter(at, retryAfterSeconds);
  return [{ type: 'TaskAttemptFailed', data: { ...failed, retryAt: due } }];
};

const passDeadline = (command: Named<'PassDeadline'>, task: LiveTask): TaskDecision => {
  const { at } = command;
  const { status, queue, lease, dueAt } = task;
  if (status === 'delayed' && dueAt !== undefined && !isBefore(at, dueAt))
    return [{ type: 'TaskBecameDue', data: { queue } }];
  if (status !== 'running' || !lease || isBefore(at, lease.expiresAt)) return [];

  const { workerId } = lease;
  const timedOut = !isBefore(at, lease.timesOutAt);
  const reason = timedOut ? 'timed-out' : 'lease-expired';
  const over = { queue, workerId, reason } as const;
  const last: TaskEvent = { type: 'TaskLeaseExpired', data: { ...over, final: true } };
  if (task.cancelRequested) return [last, cancelledAsAsked(task)];
  if (isExhausted(task)) return [last, deadLettered(task, reason)];
  // A worker that died is no fault of the task's; one that took too long may well do so again.
  const data = timedOut ? { ...over, retryAt: retryAt(task.attempts, command) } : over;
  return [{ type: 'TaskLeaseExpired', data }];
};

const retry = ({ status, queue, inert }: LiveTask): TaskDecision => {
  if (status === 'ready') return [];
  if (status !== 'dead' && status !== 'cancelled' && status !== 'delayed')
    return reject('task-not-retryable');
  return [{ type: 'TaskRetried', data: { queue, from: inert ? 'fork' : status } }];
};

/** What waits, and what was given up, is cancelled at once; who runs it is told at its next heartbeat. */
const cancel = ({ reason, atOnce }: Named<'CancelTask'>, task: LiveTask): TaskDecision => {
  const { status, queue, inert, cancelRequested, lease } = task;
  const why = reason === undefined ? {} : { reason };
  const whose = status === 'running' && lease ? { workerId: lease.workerId } : {};
  if (status === 'cancelled') return [];
  if (status === 'completed' || inert) return reject('task-already-settled');
  if (status !== 'running' || atOnce)
    return [{ type: 'TaskCancelled', data: { queue, from: status, ...whose, ...why } }];
  return cancelRequested ? [] : [{ type: 'TaskCancelRequested', data: { queue, ...why } }];
};

const firstGapSeconds = 1;
/** Reports of a long attempt are stored further apart: each after so much of the time before it. */
const gapShare = 0.01;

/**
 * Stores at most one report a second, and the longer the attempt has taken the fewer: a hundred
 * seconds give a hundred events at most, a day gives less than eight hundred. What is passed over is
 * not missed, for the next report says more; the end is always stored.
 */
const progress = (command: Named<'ReportProgress'>, task: LiveTask): TaskDecision => {
  const { percent, status, at } = command;
  const lease = heldLease(task, command.leaseToken);
  if (!lease) return reject('lease-lost');
  const { queue, progress: last, timeoutSeconds } = task;
  const reported = { percent, ...(status !== undefined && { status }) };
  if (last) {
    const { at: lastAt, ...before } = last;
    const begun = secondsAfter(lease.timesOutAt, -timeoutSeconds);
    const gap = Math.max(firstGapSeconds, secondsBetween(begun, lastAt) * gapShare);
    const isEnd = percent === 100 && before.percent !== 100;
    if (isSameJson(before, reported)) return [];
    if (!isEnd && isBefore(at, secondsAfter(lastAt, gap))) return [];
  }
  return [{ type: 'TaskProgressed', data: { queue, at, ...reported } }];
};

/**
 * Decides a command on a task by the rules of tasks: the events that it adds, none when it was done
 * before, or why it is refused.
 */
export const decideTask = (command: TaskCommand, task: Task): TaskDecision => {
  if (command.type === 'SubmitTask') return submit(command, task);
  if (task.status === 'absent') return reject('task-not-found');
  switch (command.type) {
    case 'ClaimTask':
      return claim(command, task);
    case 'ExtendLease':
      return extend(command, task);
    case 'ReportProgress':
      return progress(command, task);
    case 'CompleteTask':
      return complete(command, task);
    case 'FailTask':
      return fail(command, task);
    case 'PassDeadline':
      return passDeadline(command, task);
    case 'RetryTask':
      return retry(task);
    case 'CancelTask':
      return cancel(command, task);
  }
};
