import { evolveWith } from './decider.js';
import { adoptionIn, detached, originOf } from './fork.js';
import type { AfterAttempt, LiveTask, Task, TaskEvent } from './task.js';

/** Whether a task is still to be done. */
export const isOpen = ({ status }: Pick<LiveTask, 'status'>): boolean =>
  status === 'ready' || status === 'delayed' || status === 'running';

// Events other than the first mean nothing to a task that is not there.
const onLive =
  <Data>(change: (task: LiveTask, data: Data) => LiveTask) =>
  (task: Task, data: Data): Task =>
    task.status === 'absent' ? task : change(task, data);

/** After an attempt that did not succeed: back in its queue, at once or at a moment, or neither. */
const afterAttempt = (task: LiveTask, error: string, { retryAt, final }: AfterAttempt): LiveTask =>
  final
    ? { ...task, error }
    : retryAt === undefined
      ? { ...task, error, status: 'ready' }
      : { ...task, error, status: 'delayed', dueAt: retryAt };

/** What an event makes of a task. */
export const evolveTask = evolveWith<Task, TaskEvent>({
  TaskSubmitted: (_, { delayed, ...submitted }) => ({
    ...submitted,
    status: delayed ? 'delayed' : 'ready',
    ...(delayed && submitted.notBefore !== undefined && { dueAt: submitted.notBefore }),
    attempts: 0,
    cancelRequested: false,
  }),
  TaskBecameDue: onLive(({ dueAt: _, ...task }) => ({ ...task, status: 'ready' })),
  TaskClaimed: onLive(({ progress: _, ...task }, data) => ({
    ...task,
    status: 'running',
    attempts: data.attempt,
    lease: {
      token: data.leaseToken,
      workerId: data.workerId,
      seconds: data.leaseSeconds,
      expiresAt: data.leaseExpiresAt,
      timesOutAt: data.timesOutAt,
    },
  })),
  TaskLeaseExtended: onLive((task, { leaseExpiresAt }) =>
    task.lease ? { ...task, lease: { ...task.lease, expiresAt: leaseExpiresAt } } : task,
  ),
  TaskProgressed: onLive((task, { queue: _, ...progress }) => ({ ...task, progress })),
  TaskCompleted: onLive((task, { queue: _, workerId: __, ...data }) => ({
    ...task,
    ...data,
    status: 'completed',
  })),
  TaskAttemptFailed: onLive((task, data) => afterAttempt(task, data.error, data)),
  TaskLeaseExpired: onLive(({ lease: _, ...task }, data) => afterAttempt(task, data.reason, data)),
  TaskDeadLettered: onLive((task, { reason }) => ({ ...task, status: 'dead', reason })),
  TaskRetried: onLive(({ reason: _, dueAt: __, inert: ___, ...task }) => ({
    ...task,
    status: 'ready',
    attempts: 0,
    cancelRequested: false,
  })),
  TaskCancelRequested: onLive((task, { queue: _, ...data }) => ({
    ...task,
    ...data,
    cancelRequested: true,
  })),
  TaskCancelled: onLive(({ dueAt: _, ...task }, { reason }) => ({
    ...task,
    ...(reason !== undefined && { reason }),
    status: 'cancelled',
  })),
  // A fork has the past of a task, not its work: it is not handed out unless it is retried.
  StreamForked: onLive(({ lease: _, dueAt: __, ...task }, data) => {
    const forkedFrom = originOf(data.ancestry);
    return {
      ...task,
      ...adoptionIn(data),
      ...(isOpen(task) && { status: 'cancelled' as const }),
      inert: true,
      ...(forkedFrom && { forkedFrom }),
    };
  }),
  StreamDetached: onLive((task) => ({ ...task, ...detached(task) })),
});
