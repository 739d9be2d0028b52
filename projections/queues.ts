import type { TaskEvent, TaskStatus } from '../src/domain/task.js';
import { withFields } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';

/** How many tasks of a queue are in each status. */
type Counts = Readonly<Record<TaskStatus, number>>;

/** What was completed in a minute, which is named by its beginning, such as `2026-01-01T12:34`. */
type Minute = Readonly<{ minute: string; completed: number }>;

/** The numbers of a queue, as far as its tasks are one user's. */
export type QueueDocument = Counts &
  Readonly<{
    stream: string;
    userId: string;
    queue: string;
    /** How many attempts did not succeed, ever: those that failed, and those that were lost. */
    failed: number;
    /** The last minutes in which something was completed, oldest first. */
    minutes: readonly Minute[];
    updatedAt: string;
  }>;

/** Numbers are made of many streams, and so of no single one that could be deleted. */
const noStream = 'queues';

/** Enough to tell a rate over five minutes. */
const minutesKept = 8;

type Change = Partial<Record<TaskStatus | 'failed', number>>;

const counted =
  <Event extends TaskEvent>(change: (data: Event['data']) => Change) =>
  (before: QueueDocument | undefined, event: Projected<Event>): QueueDocument => {
    const document = before ?? emptyQueue(event);
    const numbers: Change = {};
    for (const [name, by] of Object.entries(change(event.data)) as [keyof Change, number][])
      numbers[name] = document[name] + by;
    return withFields(document, numbers, { updatedAt: event.created });
  };

const emptyQueue = ({ data, metadata, created }: Projected<TaskEvent>): QueueDocument => ({
  stream: noStream,
  userId: metadata.ownerId,
  queue: 'queue' in data ? data.queue : '',
  ready: 0,
  delayed: 0,
  running: 0,
  dead: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  minutes: [],
  updatedAt: created,
});

const completedAt = (minutes: readonly Minute[], created: string): readonly Minute[] => {
  const minute = created.slice(0, 'yyyy-mm-ddThh:mm'.length);
  const last = minutes.at(-1);
  // Where clocks of servers differ, an event may be older than the one before it: it counts as now.
  if (last && minute <= last.minute)
    return [...minutes.slice(0, -1), withFields(last, { completed: last.completed + 1 })];
  return [...minutes, { minute, completed: 1 }].slice(-minutesKept);
};

/** What follows an attempt. After the last one the task is running still, until the next event says what becomes of it. */
const afterAttempt = ({ retryAt, final }: { retryAt?: string; final?: true }): Change => ({
  failed: 1,
  ...(!final && { running: -1, [retryAt === undefined ? 'ready' : 'delayed']: 1 }),
});

/** One document for each queue of each user: how many tasks are in it, and how fast they are done. */
export const queues: Projection<QueueDocument, TaskEvent> = {
  name: 'queues',
  version: 1,
  category: 'task',
  spans: true,
  indexes: [{ key: { queue: 1, userId: 1 } }, { key: { userId: 1, queue: 1 } }],
  key: ({ data, metadata }) =>
    'queue' in data ? JSON.stringify([metadata.ownerId, data.queue]) : undefined,
  on: {
    TaskSubmitted: counted(({ delayed }) => (delayed ? { delayed: 1 } : { ready: 1 })),
    TaskBecameDue: counted(() => ({ delayed: -1, ready: 1 })),
    TaskClaimed: counted(() => ({ ready: -1, running: 1 })),
    TaskCompleted: (before, event) => {
      const document = counted(() => ({ running: -1, completed: 1 }))(before, event);
      return withFields(document, { minutes: completedAt(document.minutes, event.created) });
    },
    TaskAttemptFailed: counted(afterAttempt),
    TaskLeaseExpired: counted(afterAttempt),
    TaskDeadLettered: counted(() => ({ running: -1, dead: 1 })),
    TaskRetried: counted(({ from }) => ({ ready: 1, ...(from !== 'fork' && { [from]: -1 }) })),
    TaskCancelled: counted(({ from }) => ({ cancelled: 1, [from]: -1 })),
  },
};
