import { type Decider, evolveWith, type Fact } from './decider.js';
import { type Origin, originOf, type StreamForked } from './fork.js';
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

/** Where a task was when it was cancelled. */
export type OpenStatus = 'ready' | 'delayed' | 'running';

/** Why a lease ended without a word from its holder. */
export type LeaseEnd = 'lease-expired' | 'timed-out';

export type TaskEvent =
  /** `delayed` says that it was submitted for later: its `notBefore` was still to come. */
  | Fact<'TaskSubmitted', Submitted & { delayed?: boolean }>
  /** The time that a delayed task waited for has come. */
  | Fact<'TaskBecameDue', { queue: string }>
  | Fact<'TaskClaimed', Claimed>
  | Fact<'TaskLeaseExtended', { queue: string; leaseExpiresAt: Moment }>
  | Fact<'TaskProgressed', { queue: string; percent: number; status?: string }>
  | Fact<'TaskCompleted', { queue: string; workerId: string; result?: JsonValue }>
  | Fact<'TaskAttemptFailed', { queue: string; workerId: string; error: string; retryAt?: Moment }>
  | Fact<
      'TaskLeaseExpired',
      { queue: string; workerId: string; reason: LeaseEnd; retryAt?: Moment }
    >
  | Fact<'TaskDeadLettered', { queue: string; reason: string }>
  | Fact<'TaskRetried', { queue: string; from: 'dead' | 'cancelled' | 'delayed' }>
  | Fact<'TaskCancelRequested', { queue: string; reason?: string }>
  | Fact<'TaskCancelled', { queue: string; from: OpenStatus; reason?: string }>
  | StreamForked;

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
    progress?: Readonly<{ percent: number; status?: string }>;
    result?: JsonValue;
    /** What the last attempt failed with. */
    error?: string;
    /** Why it is dead or cancelled, or is to be cancelled. */
    reason?: string;
    cancelRequested: boolean;
    forkedFrom?: Origin;
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
  | Readonly<{ type: 'ReportProgress'; leaseToken: string; percent: number; status?: string }>
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
  | Readonly<{ type: 'CancelTask'; reason?: string }>;

export type TaskRejection =
  | 'task-not-found'
  | 'task-already-exists'
  | 'task-not-ready'
  | 'lease-lost'
  | 'task-already-settled'
  | 'task-not-retryable';

// Evolution. Events other than the first mean nothing to a task that is not there.

const onLive =
  <Data>(change: (task: LiveTask, data: Data) => Partial<LiveTask>) =>
  (task: Task, data: Data): Task =>
    task.status === 'absent' ? task : { ...task, ...change(task, data) };

/** Back in its queue, at once or at a moment. */
const waiting = (dueAt: Moment | undefined): Partial<LiveTask> =>
  dueAt === undefined ? { status: 'ready' } : { status: 'delayed', dueAt };

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
    TaskBecameDue: onLive(() => waiting(undefined)),
    TaskClaimed: onLive((_, data) => ({
      status: 'running' as const,
      attempts: data.attempt,
      lease: {
        token: data.leaseToken,
        workerId: data.workerId,
        seconds: data.leaseSeconds,
        expiresAt: data.leaseExpiresAt,
        timesOutAt: data.timesOutAt,
      },
    })),
    TaskLeaseExtended: onLive(({ lease }, { leaseExpiresAt }) =>
      lease ? { lease: { ...lease, expiresAt: leaseExpiresAt } } : {},
    ),
    TaskProgressed: onLive((_, { percent, status }) => ({
      progress: { percent, ...(status !== undefined && { status }) },
    })),
    TaskCompleted: onLive((_, { queue: __, workerId: ___, ...data }) => ({
      ...data,
      status: 'completed' as const,
    })),
    TaskAttemptFailed: onLive((_, { error, retryAt }) => ({ error, ...waiting(retryAt) })),
    TaskLeaseExpired: onLive((_, { reason, retryAt }) => ({ error: reason, ...waiting(retryAt) })),
    TaskDeadLettered: onLive((_, { reason }) => ({ status: 'dead' as const, reason })),
    TaskRetried: onLive(() => ({ status: 'ready' as const, attempts: 0, cancelRequested: false })),
    TaskCancelRequested: onLive((_, { queue: __, ...data }) => ({
      ...data,
      cancelRequested: true,
    })),
    TaskCancelled: onLive((_, { queue: __, from: ___, ...data }) => ({
      ...data,
      status: 'cancelled' as const,
    })),
    // A fork has the past of a task, not its work: it is not handed out unless it is retried.
    StreamForked: onLive((task, { ancestry }) => {
      const forkedFrom = originOf(ancestry);
      const isOpen = ['ready', 'delayed', 'running'].includes(task.status);
      return {
        ...(isOpen && { status: 'cancelled' as const }),
        ...(forkedFrom && { forkedFrom }),
      };
    }),
  }),
};
