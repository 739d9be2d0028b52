/** Types of tasks and queues. Times are ISO 8601 UTC. */

import type { ForkOrigin, JsonValue, PageQuery, Position, Written } from './types.js';

export type TaskStatus = 'ready' | 'delayed' | 'running' | 'completed' | 'dead' | 'cancelled';

export type NewTask = Readonly<{
  id?: string;
  type: string;
  queue: string;
  /** 0 to 9, higher first; 5 by default. */
  priority?: number;
  /** 256 KiB at most. */
  payload?: JsonValue;
  /** 1 to 100, 3 by default. */
  maxAttempts?: number;
  /** How long one attempt may take, whatever its heartbeats say: 1 to 86,400, 300 by default. */
  timeoutSeconds?: number;
  /** Not to be handed out before this. */
  notBefore?: string;
  sessionId?: string;
  executionId?: string;
}>;

/** A task as lists have it: without what went into it and what came out of it. */
export type TaskSummary = Readonly<{
  id: string;
  userId: string;
  type: string;
  queue: string;
  priority: number;
  maxAttempts: number;
  timeoutSeconds: number;
  notBefore?: string;
  sessionId?: string;
  executionId?: string;
  status: TaskStatus;
  /** How often it was handed out since it was submitted, or retried by hand. */
  attempts: number;
  /** Who has it, or had it last. */
  workerId?: string;
  /** While it is running, as is `timesOutAt`. */
  leaseExpiresAt?: string;
  timesOutAt?: string;
  /** While it is ready. */
  readyAt?: string;
  /** While it is delayed. */
  dueAt?: string;
  progress?: Readonly<{ percent: number; status?: string }>;
  /** What the last attempt failed with. */
  error?: string;
  /** Why it is dead or cancelled, or is to be cancelled. */
  reason?: string;
  cancelRequested: boolean;
  /** A fork that was not put to work. */
  inert?: true;
  createdAt: string;
  updatedAt: string;
  finishedAt?: string;
  forkedFrom?: ForkOrigin;
  revision: number;
}>;

export type Task = TaskSummary & Readonly<{ payload: JsonValue; result?: JsonValue }>;

export type TaskQuery = PageQuery &
  Readonly<{
    queue?: string;
    status?: TaskStatus;
    type?: string;
    sessionId?: string;
    workerId?: string;
  }>;

/** A refusal, as one item of a bulk answer has it. */
export type Refused = Readonly<{ status: number; code: string; detail: string }>;

/** What came of one item of a bulk request: `status` tells a refusal, 400 and above, from the rest. */
export type BulkOutcome = Readonly<{ status: number; body: Written | Refused }>;

/** Outcomes in the order of the request. */
export type BulkAnswer = Readonly<{ items: readonly BulkOutcome[] }>;

/** The holder's proof that it holds the lease. */
export type Held = Readonly<{ leaseToken: string }>;

export type Heartbeat = Readonly<{ leaseExpiresAt: string; cancelRequested: boolean }>;

export type TaskProgress = Held & Readonly<{ percent: number; status?: string }>;

/** A result has 256 KiB at most. */
export type Completion = Held & Readonly<{ result?: JsonValue }>;

/** What else a worker that has finished asks for: by default for itself, and for as long as it held the last task. */
export type NextClaim = Readonly<{
  queue: string;
  max?: number;
  workerId?: string;
  leaseSeconds?: number;
}>;

/** The next tasks, if they were asked for. */
export type Claimed = Readonly<{ claimed?: Readonly<{ items: readonly ClaimedTask[] }> }>;

/** Completions of up to 500 tasks. */
export type Completions = Readonly<{
  items: readonly (Completion & Readonly<{ id: string }>)[];
  claim?: NextClaim;
}>;

export type Failure = Held &
  Readonly<{
    error: string;
    /** Whether another attempt may succeed; true by default. */
    retryable?: boolean;
    /** Instead of a time that doubles with each attempt. */
    retryAfterSeconds?: number;
  }>;

export type Claim = Readonly<{
  workerId: string;
  /** 1 to 100, 1 by default. */
  max?: number;
  leaseSeconds?: number;
  /** How long to wait for work: 0 to 30, 0 by default. */
  waitSeconds?: number;
}>;

/** A task as its holder is given it. */
export type ClaimedTask = Readonly<{
  id: string;
  userId: string;
  type: string;
  queue: string;
  priority: number;
  payload: JsonValue;
  /** Counted from 1. */
  attempt: number;
  maxAttempts: number;
  leaseToken: string;
  leaseExpiresAt: string;
  /** When the attempt's time is up: no lease goes beyond it. */
  timesOutAt: string;
  timeoutSeconds: number;
  sessionId?: string;
  executionId?: string;
  revision: number;
  position: Position;
}>;

export type Queue = Readonly<Record<TaskStatus, number>> &
  Readonly<{
    queue: string;
    /** Attempts that did not succeed, ever. */
    failed: number;
    /** Tasks completed a minute, over the last five minutes. */
    rate: number;
    /** The task that has been ready longest. */
    oldestReady: Readonly<{ id: string; readyAt: string; ageSeconds: number }> | null;
  }>;
