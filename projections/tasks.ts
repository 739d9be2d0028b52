import type { Fact } from '../src/domain/decider.js';
import { adoptionIn, detached } from '../src/domain/fork.js';
import type { JsonValue } from '../src/domain/json.js';
import type { Progress, Submitted, TaskEvent, TaskStatus } from '../src/domain/task.js';
import { isOpen } from '../src/domain/task-evolution.js';
import { withFields, without } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';
import { createdAs, type Descent, descentOf, type OpenSpan } from './descent.js';

/** A task, without the token of its lease: that is its holder's secret. */
export type TaskDocument = Readonly<
  Submitted & {
    stream: string;
    id: string;
    status: TaskStatus;
    attempts: number;
    /** Who has it, or had it last. */
    workerId?: string;
    /** While it is running. */
    leaseExpiresAt?: string;
    /** While it is running: when the attempt's time is up. */
    timesOutAt?: string;
    /** Position of the event that made it ready, while it is: those of the same priority are handed out in this order. */
    readyPosition?: number;
    /** When it became ready, while it is. */
    readyAt?: string;
    /** While it is delayed: until when. */
    dueAt?: string;
    progress?: Readonly<Progress>;
    result?: JsonValue;
    error?: string;
    reason?: string;
    cancelRequested: boolean;
    /** A fork that was not put to work. */
    inert?: true;
    createdAt: string;
    updatedAt: string;
    /** When it was completed, given up or cancelled. */
    finishedAt?: string;
    revision: number;
  }
> &
  OpenSpan &
  Partial<Descent>;

/** Applies a change, and what every event changes: when and where the task last moved. */
const changed =
  <Event extends Fact>(change: (document: TaskDocument, event: Projected<Event>) => TaskDocument) =>
  (document: TaskDocument | undefined, event: Projected<Event>) =>
    document &&
    withFields(change(document, event), { updatedAt: event.created, revision: event.revision });

const settledAs = ['reason', 'finishedAt', 'settledPosition', 'inert'] as const;

const ofOneStatus = ['leaseExpiresAt', 'timesOutAt', 'readyPosition', 'readyAt', 'dueAt'] as const;

/** In another status: without what is true of one status only. */
const to = (document: TaskDocument, status: TaskStatus): TaskDocument =>
  withFields(without(document, ...ofOneStatus), { status });

const ready = (document: TaskDocument, { position, created }: Projected): TaskDocument =>
  withFields(to(document, 'ready'), { readyPosition: position, readyAt: created });

const finished = (
  document: TaskDocument,
  status: TaskStatus,
  { created, position }: Projected,
): TaskDocument =>
  withFields(to(document, status), { finishedAt: created, settledPosition: position });

const afterAttempt = (
  document: TaskDocument,
  error: string,
  event: Projected<Fact<string, { retryAt?: string; final?: true }>>,
): TaskDocument => {
  const { retryAt, final } = event.data;
  // What becomes of the task after its last attempt, the next event says.
  if (final) return withFields(to(document, 'running'), { error });
  return retryAt === undefined
    ? withFields(ready(document, event), { error })
    : withFields(to(document, 'delayed'), { error, dueAt: retryAt });
};

/** One document a task: what lists of tasks show, and where queues are filled from. */
export const tasks: Projection<TaskDocument, TaskEvent> = {
  name: 'tasks',
  version: 2,
  category: 'task',
  inherits: true,
  indexes: [
    { key: { queue: 1, status: 1, priority: -1, readyPosition: 1 } },
    { key: { userId: 1, queue: 1, status: 1, priority: -1, readyPosition: 1 } },
    { key: { userId: 1, createdAt: -1, _id: -1 } },
    { key: { status: 1, createdAt: -1, _id: -1 } },
    { key: { sessionId: 1, createdAt: -1, _id: -1 } },
    { key: { workerId: 1, createdAt: -1, _id: -1 } },
    { key: { createdAt: -1, _id: -1 } },
    { key: { sessionId: 1, settledPosition: 1, createdPosition: 1 } },
    { key: { stream: 1 } },
  ],
  key: (event) => event.stream,
  begins: ({ type }) => type === 'StreamForked' || type === 'TaskSubmitted',
  on: {
    TaskSubmitted: (_, event) => {
      const { stream, created, revision, position } = event;
      const { delayed, ...submitted } = event.data;
      const document: TaskDocument = {
        stream,
        id: idOf(stream),
        ...submitted,
        status: 'delayed',
        attempts: 0,
        cancelRequested: false,
        createdAt: created,
        updatedAt: created,
        revision,
        createdPosition: position,
      };
      const { notBefore } = submitted;
      return delayed && notBefore !== undefined
        ? withFields(document, { dueAt: notBefore })
        : ready(document, event);
    },
    TaskBecameDue: changed(ready),
    TaskClaimed: changed((document, { data: { workerId, attempt, leaseExpiresAt, timesOutAt } }) =>
      withFields(without(to(document, 'running'), 'progress'), {
        attempts: attempt,
        workerId,
        leaseExpiresAt,
        timesOutAt,
      }),
    ),
    TaskLeaseExtended: changed((document, { data: { leaseExpiresAt } }) =>
      withFields(document, { leaseExpiresAt }),
    ),
    TaskProgressed: changed((document, { data: { percent, status } }) =>
      withFields(document, { progress: { percent, ...(status !== undefined && { status }) } }),
    ),
    TaskCompleted: changed((document, event) => {
      const { result } = event.data;
      return withFields(
        finished(document, 'completed', event),
        result === undefined ? {} : { result },
      );
    }),
    TaskAttemptFailed: changed((document, event) =>
      afterAttempt(document, event.data.error, event),
    ),
    TaskLeaseExpired: changed((document, event) =>
      afterAttempt(document, event.data.reason, event),
    ),
    TaskDeadLettered: changed((document, event) =>
      withFields(finished(document, 'dead', event), { reason: event.data.reason }),
    ),
    TaskRetried: changed((document, event) =>
      withFields(without(ready(document, event), ...settledAs), {
        attempts: 0,
        cancelRequested: false,
      }),
    ),
    TaskCancelRequested: changed((document, { data: { reason } }) =>
      withFields(document, { cancelRequested: true, ...(reason !== undefined && { reason }) }),
    ),
    TaskCancelled: changed((document, event) => {
      const { reason } = event.data;
      return withFields(
        finished(document, 'cancelled', event),
        reason === undefined ? {} : { reason },
      );
    }),
    StreamDetached: changed((document) => withFields(document, detached(document))),
    StreamForked: (_, event) => {
      const { data, stream, created, revision } = event;
      // What an ancestor of a task was is a task's document.
      const ancestor = event.inherited as TaskDocument | undefined;
      if (!ancestor) return undefined;
      const cancelled = finished(ancestor, 'cancelled', event);
      // What a session took along to be done is for it still to be done.
      const closed = data.scope === 'tree' ? without(cancelled, 'settledPosition') : cancelled;
      return {
        ...(isOpen(ancestor) ? closed : ancestor),
        ...adoptionIn(data),
        stream,
        id: idOf(stream),
        inert: true,
        createdAt: created,
        updatedAt: created,
        revision,
        ...createdAs(event),
        ...descentOf(data.ancestry),
      };
    },
  },
};

const idOf = (stream: string): string => stream.slice('task-'.length);
