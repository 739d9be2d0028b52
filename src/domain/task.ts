import type { Decider, Fact } from './decider.js';
import type { ForkOrigin, StreamDetached, StreamForked } from './fork.js';
import type { JsonValue } from './json.js';
import { evolveTask } from './task-evolution.js';
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
export type AfterAttempt = { retryAt?: Moment; final?: true };

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

/** A piece of work that some worker carries out under a lease, tried again until it succeeds or is given up. */
export const task: Decider<TaskCommand, Task, TaskEvent, TaskRejection> = {
  category: 'task',
  initial: { status: 'absent' },
  decide: decideTask,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: (state) => (state.status === 'absent' ? undefined : state.sessionId),
  notFound: 'task-not-found',
  evolve: evolveTask,
};
