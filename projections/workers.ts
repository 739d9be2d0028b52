import type { Fact } from '../src/domain/decider.js';
import type { TaskEvent } from '../src/domain/task.js';
import type { WorkerEvent, WorkerStatus } from '../src/domain/worker.js';
import { withFields } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';

/** What became of the tasks that a worker claimed. */
export type WorkerTasks = Readonly<{
  /** Claimed, and neither completed nor failed yet. */
  active: number;
  completed: number;
  /** Attempts that failed, or whose lease it let expire. */
  failed: number;
}>;

/** What a worker has said of itself. Missing while tasks name a worker that never registered. */
type Registration = Readonly<{
  userId: string;
  queues: readonly string[];
  maxConcurrentTasks: number;
  heartbeatSeconds: number;
  status: WorkerStatus;
  stopRequested: boolean;
  registeredAt: string;
  updatedAt: string;
  revision: number;
}>;

export type WorkerDocument = Readonly<{ stream: string; id: string; tasks: WorkerTasks }> &
  Partial<Registration>;

type OwnEvent = Exclude<WorkerEvent, { type: 'StreamForked' }>;
type AttemptEvent = Extract<
  TaskEvent,
  {
    type:
      | 'TaskClaimed'
      | 'TaskCompleted'
      | 'TaskAttemptFailed'
      | 'TaskLeaseExpired'
      | 'TaskCancelled';
  }
>;
type WorkersEvent = OwnEvent | AttemptEvent;

const prefix = 'worker-';

const blank = (id: string): WorkerDocument => ({
  stream: `${prefix}${id}`,
  id,
  tasks: { active: 0, completed: 0, failed: 0 },
});

const to =
  (change: (document: WorkerDocument) => Partial<Registration>) =>
  (document: WorkerDocument | undefined, { created, revision }: Projected<Fact>) =>
    document && withFields(document, change(document), { updatedAt: created, revision });

const counting =
  (change: (tasks: WorkerTasks) => Partial<WorkerTasks>) =>
  (
    document: WorkerDocument | undefined,
    { data }: Projected<Fact<string, { workerId: string }>>,
  ): WorkerDocument => {
    const before = document ?? blank(data.workerId);
    return withFields(before, { tasks: withFields(before.tasks, change(before.tasks)) });
  };

const failing = counting(({ active, failed }) => ({ active: active - 1, failed: failed + 1 }));

/** One document a worker: what it takes, whether it is there, and what it has done. */
export const workers: Projection<WorkerDocument, WorkersEvent> = {
  name: 'workers',
  version: 1,
  indexes: [
    { key: { userId: 1, _id: 1 } },
    { key: { status: 1, _id: 1 } },
    { key: { queues: 1, _id: 1 } },
    { key: { stream: 1 } },
  ],
  // A task's event concerns the worker that it names.
  key: ({ stream, type, data }) => {
    if (type === 'TaskCancelled' && data.workerId === undefined) return undefined;
    return 'workerId' in data ? `${prefix}${data.workerId}` : stream;
  },
  on: {
    WorkerRegistered: (document, { stream, data, created, revision }) => {
      const { userId, queues, maxConcurrentTasks, heartbeatSeconds } = data;
      return withFields(document ?? blank(stream.slice(prefix.length)), {
        userId,
        queues,
        maxConcurrentTasks,
        heartbeatSeconds,
        status: 'active',
        stopRequested: false,
        registeredAt: document?.registeredAt ?? created,
        updatedAt: created,
        revision,
      });
    },
    WorkerStopRequested: to(({ status }) => ({
      status: status === 'lost' ? 'lost' : 'stopping',
      stopRequested: true,
    })),
    WorkerStopped: to(() => ({ status: 'stopped', stopRequested: false })),
    WorkerLost: to(() => ({ status: 'lost' })),
    TaskClaimed: counting(({ active }) => ({ active: active + 1 })),
    TaskCompleted: counting(({ active, completed }) => ({
      active: active - 1,
      completed: completed + 1,
    })),
    TaskAttemptFailed: failing,
    TaskLeaseExpired: failing,
    // Taken away at once, which is neither done nor failed.
    TaskCancelled: (document) =>
      document &&
      withFields(document, {
        tasks: withFields(document.tasks, { active: document.tasks.active - 1 }),
      }),
  },
};
