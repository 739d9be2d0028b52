import { withFields } from '../fields.js';
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
    ? withFields(task, { error })
    : retryAt === undefined
      ? withFields(task, { error, status: 'ready' })
      : withFields(task, { error, status: 'delayed', dueAt: retryAt });

/** What an event makes of a task. */
export const evolveTask = evolveWith<Task, TaskEvent>({
  TaskSubmitted: (_, { delayed, ...submitted }) =>
    withFields(submitted, {
      status: delayed ? 'delayed' : 'ready',
      attempts: 0,
      cancelRequested: false,
      ...(delayed && submitted.notBefore !== undefined && { dueAt: submitted.notBefore }),
    }),
  TaskBecameDue: onLive(({ dueAt: _, ...task }) => withFields(task, { status: 'ready' })),
  TaskClaimed: onLive(({ progress: _, ...task }, data) =>
    withFields(task, {
      status: 'running',
      attempts: data.attempt,
      lease: {
        token: data.leaseToken,
        workerId: data.workerId,
        seconds: data.leaseSeconds,
        expiresAt: data.leaseExpiresAt,
        timesOutAt: data.timesOutAt,
      },
    }),
  ),
  TaskLeaseExtended: onLive((task, { leaseExpiresAt }) =>
    task.lease
      ? withFields(task, { lease: withFields(task.lease, { expiresAt: leaseExpiresAt }) })
      : task,
  ),
  TaskProgressed: onLive((task, { queue: _, ...progress }) => withFields(task, { progress })),
  TaskCompleted: onLive((task, { queue: _, workerId: __, ...data }) =>
    withFields(task, data, { status: 'completed' }),
  ),
  TaskAttemptFailed: onLive((task, data) => afterAttempt(task, data.error, data)),
  TaskLeaseExpired: onLive(({ lease: _, ...task }, data) => afterAttempt(task, data.reason, data)),
  TaskDeadLettered: onLive((task, { reason }) => withFields(task, { status: 'dead', reason })),
  TaskRetried: onLive(({ reason: _, dueAt: __, inert: ___, ...task }) =>
    withFields(task, { status: 'ready', attempts: 0, cancelRequested: false }),
  ),
  TaskCancelRequested: onLive((task, { queue: _, ...data }) =>
    withFields(task, data, { cancelRequested: true }),
  ),
  TaskCancelled: onLive(({ dueAt: _, ...task }, { reason }) =>
    withFields(task, { status: 'cancelled', ...(reason !== undefined && { reason }) }),
  ),
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
  StreamDetached: onLive((task) => withFields(task, detached(task))),
});
