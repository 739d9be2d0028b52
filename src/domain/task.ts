import { type Decider, evolveWith, type Fact } from './decider.js';
import {
  adoptionIn,
  detached,
  type ForkOrigin,
  originOf,
  type StreamDetached,
  type StreamForked,
} from './fork.js';
import type { JsonValue } from './json.js';
import { decideTask } from './task-rules.js';
import type { Moment } from './time.js';

// Events. Names and fields are the storage format. Each names its queue, so that a queue's numbers
// can be counted from the events alone.

export type Submitted = {
  userId: string;
  type: string;
  queue: string;
  /** 0 to 9, higher first. */
  priority: number;
  payload: JsonValue;
  maxAttempts: number;
  /** How long one attempt may take, in seconds, whatever its heartbeats say. */
  timeoutSeconds: number;
  /** Not to be handed out before this. */
  notBefore?: Moment;
  sessionId?: string;
  executionId?: string;
};

type Claimed = {
  queue: string;
  workerId: string;
  /** Counted from 1. */
  attempt: number;
  leaseToken: string;
  leaseSeconds: number;
  leaseExpiresAt: Moment;
  /** When the attempt's time is up: no lease goes beyond it. */
  timesOutAt: Moment;
};

/** A task that is still to be done. */
export type OpenStatus = 'ready' | 'delayed' | 'running';

/** Why a lease ended without a word from its holder. */
export type LeaseEnd = 'lease-expired' | 'timed-out';

/** `status` says in words what the attempt is at. */
export type Progress = { percent: number; status?: string };

/**
 * What follows an attempt that did not succeed: another one, at `retryAt` or else at once; or none,
 * if it was `final`. Then the next event of the same append says what became of the task.
 */
type AfterAttempt = { retryAt?: Moment; final?: true };

export type TaskEvent =
  /** `delayed` says that it was submitted for later: its `notBefore` was still to come. */
  | Fact<'TaskSubmitted', Submitted & { delayed?: boolean }>
  /** The time that a delayed task waited for has come. */
  | Fact<'TaskBecameDue', { queue: string }>
  | Fact<'TaskClaimed', Claimed>
  | Fact<'TaskLeaseExtended', { queue: string; leaseExpiresAt: Moment }>
  | Fact<'TaskProgressed', { queue: string; at: Moment } & Progress>
  | Fact<'TaskCompleted', { queue: string; workerId: string; result?: JsonValue }>
  | Fact<'TaskAttemptFailed', { queue: string; workerId: string; error: string } & AfterAttempt>
  | Fact<'TaskLeaseExpired', { queue: string; workerId: string; reason: LeaseEnd } & AfterAttempt>
  | Fact<'TaskDeadLettered', { queue: string; reason: string }>
  /** `fork`: the first own work of a fork, which until then is in no queue's numbers. */
  | Fact<'TaskRetried', { queue: string; from: 'dead' | 'cancelled' | 'delayed' | 'fork' }>
  | Fact<'TaskCancelRequested', { queue: string; reason?: string }>
  | Fact<
      'TaskCancelled',
      /** `workerId`: whose attempt it ends. */
      { queue: string; from: OpenStatus | 'dead'; workerId?: string; reason?: string }
    >
  | StreamForked
  | StreamDetached;

// State.

export type TaskStatus = OpenStatus | 'completed' | 'dead' | 'cancelled';

export type Lease = Readonly<{
  token: string;
  workerId: string;
  seconds: number;
  expiresAt: Moment;
  timesOutAt: Moment;
}>;

export type LiveTask = Readonly<
  Submitted & {
    status: TaskStatus;
    /** How often it was handed out since it was submitted, or retried by hand. */
    attempts: number;
    /** The lease of the attempt under way, or of the last one: who settled the task with it may say so again. */
    lease?: Lease;
    /** When a delayed task is due. */
    dueAt?: Moment;
    /** Of the attempt under way, or of the last one. */
    progress?: Readonly<Progress & { at: Moment }>;
    result?: JsonValue;
    /** What the last attempt failed with. */
    error?: string;
    /** Why it is dead or cancelled, or is to be cancelled. */
    reason?: string;
    cancelRequested: boolean;
    /** A fork that was not retried: it only tells of the past, and no queue knows it. */
    inert?: true;
    forkedFrom?: ForkOrigin;
  }
>;

export type Task = Readonly<{ status: 'absent' }> | LiveTask;

// Commands.

/** What the wait for another attempt is made of: the time, and chance, as a number from 0 to 1. */
export type RetryTiming = Readonly<{ at: Moment; jitter: number }>;

export type TaskCommand =
  | Readonly<{ type: 'SubmitTask'; submitted: Submitted; at: Moment }>
  | Readonly<{
      type: 'ClaimTask';
      workerId: string;
      leaseToken: string;
      leaseSeconds: number;
      at: Moment;
    }>
  | Readonly<{ type: 'ExtendLease'; leaseToken: string; at: Moment }>
  | Readonly<{ type: 'ReportProgress'; leaseToken: string; at: Moment } & Progress>
  | Readonly<{ type: 'CompleteTask'; leaseToken: string; result?: JsonValue }>
  | Readonly<
      {
        type: 'FailTask';
        leaseToken: string;
        error: string;
        retryable: boolean;
        retryAfterSeconds?: number;
      } & RetryTiming
    >
  /** What a task waited for may be over: its lease, or its delay. Does nothing if it is not. */
  | Readonly<{ type: 'PassDeadline' } & RetryTiming>
  | Readonly<{ type: 'RetryTask' }>
  /** `atOnce`: without waiting for the holder of a lease to hear of it. */
  | Readonly<{ type: 'CancelTask'; reason?: string; atOnce?: boolean }>;

export type TaskRejection =
  | 'task-not-found'
  | 'task-already-exists'
  | 'task-not-ready'
  | 'lease-lost'
  | 'task-already-settled'
  | 'task-not-retryable';

// Evolution. Events other than the first mean nothing to a task that is not there.

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

/** A piece of work that some worker carries out under a lease, tried again until it succeeds or is given up. */
export const task: Decider<TaskCommand, Task, TaskEvent, TaskRejection> = {
  category: 'task',
  initial: { status: 'absent' },
  decide: decideTask,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: (state) => (state.status === 'absent' ? undefined : state.sessionId),
  notFound: 'task-not-found',

  evolve: evolveWith<Task, TaskEvent>({
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
    TaskLeaseExpired: onLive(({ lease: _, ...task }, data) =>
      afterAttempt(task, data.reason, data),
    ),
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
  }),
};

/** Whether a task is still to be done. */
export const isOpen = ({ status }: Pick<LiveTask, 'status'>): boolean =>
  status === 'ready' || status === 'delayed' || status === 'running';
