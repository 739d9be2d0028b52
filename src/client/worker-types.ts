import type { ClaimedTask } from './task-types.js';
import type { JsonValue, PageQuery } from './types.js';

export type WorkerStatus = 'active' | 'stopping' | 'stopped' | 'lost';

export type NewWorker = Readonly<{
  /** 1 to 100 letters, digits, dots, hyphens and underscores. */
  id: string;
  /** Names of queues; `mail.*` stands for all that begin with `mail.`. */
  queues: readonly string[];
  /** 1 by default. */
  maxConcurrentTasks?: number;
  /** How often it will be heard from; 10 by default. */
  heartbeatSeconds?: number;
}>;

export type Worker = Readonly<{
  id: string;
  tasks: Readonly<{ active: number; completed: number; failed: number }>;
  lastHeartbeatAt?: string;
  /** What follows is there once it has registered; some claim tasks without. */
  userId?: string;
  queues?: readonly string[];
  maxConcurrentTasks?: number;
  heartbeatSeconds?: number;
  status?: WorkerStatus;
  /** Whether it was asked to stop. */
  stopRequested?: boolean;
  registeredAt?: string;
  updatedAt?: string;
  revision?: number;
}>;

export type WorkerQuery = PageQuery &
  Readonly<{
    status?: WorkerStatus;
    /** Takes tasks from this queue. */
    queue?: string;
  }>;

/** What a heartbeat is answered: without another by `expiresAt`, the worker counts as lost. */
export type WorkerHeartbeat = Readonly<{
  id: string;
  status: WorkerStatus;
  stopRequested: boolean;
  expiresAt: string;
}>;

/** Why the program or function that carries out a task is to end. */
export type EndReason = 'lease-lost' | 'cancel-requested' | 'stopping';

export type TaskContext = Readonly<{
  /** Aborted when the work is to end; the reason is an EndReason. */
  signal: AbortSignal;
  /** Tells how far the work is. Reports that come quickly one after another are told as the last of them. */
  progress(percent: number, status?: string): void;
}>;

/** Carries out a task: resolves with its result, or throws. TaskFailure says more of why than other errors. */
export type TaskHandler = (
  task: ClaimedTask,
  context: TaskContext,
) => Promise<JsonValue | undefined>;

/**
 * Why a worker stops: someone asked the server for it (`asked`), its signal was aborted, it has done as
 * many tasks as it was to do, or the server refused it.
 */
export type StopReason = 'asked' | 'signal' | 'done' | 'refused';

/** What a running worker does, as it does it. */
export type WorkerNews =
  | Readonly<{ type: 'registered'; workerId: string }>
  | Readonly<{ type: 'claimed'; task: ClaimedTask }>
  | Readonly<{ type: 'progress'; task: ClaimedTask; percent: number; status?: string }>
  | Readonly<{ type: 'ending'; task: ClaimedTask; reason: EndReason }>
  | Readonly<{ type: 'completed'; task: ClaimedTask; tookMs: number }>
  | Readonly<{
      type: 'failed';
      task: ClaimedTask;
      tookMs: number;
      error: string;
      retryable: boolean;
    }>
  /** Someone else has it by now, or nobody wants it any more: what came of it here counts for nothing. */
  | Readonly<{ type: 'lost'; task: ClaimedTask; tookMs: number }>
  | Readonly<{ type: 'unreachable'; detail: string; waitMs: number }>
  | Readonly<{ type: 'reachable' }>
  | Readonly<{ type: 'stopping'; why: StopReason; running: number }>
  | Readonly<{ type: 'stopped' }>;

export type WorkOptions = Readonly<{
  id: string;
  queues: readonly string[];
  /** How many tasks it works at at the same time; 1 by default. It takes the next while it tells the server of those that are done. */
  concurrency?: number;
  /** How long a task stays this worker's without being heard from, in seconds; 30 by default. */
  leaseSeconds?: number;
  /** 10 by default. */
  heartbeatSeconds?: number;
  /** How long tasks may take to finish once the worker stops, in seconds; 30 by default. */
  graceSeconds?: number;
  /** Ends after so many tasks; never by default. */
  maxTasks?: number;
  /** Stops the worker: it claims nothing more, lets finish what runs, and says that it has stopped. */
  signal?: AbortSignal;
  onNews?: (news: WorkerNews) => void;
}>;

/** How many tasks a worker completed, and how many attempts failed or were lost. */
export type WorkDone = Readonly<{ completed: number; failed: number; lost: number }>;
