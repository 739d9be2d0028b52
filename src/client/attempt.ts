import { ForklineError } from './forkline-error.js';
import { latestOnly } from './latest-only.js';
import { pause } from './pause.js';
import { TaskFailure } from './task-failure.js';
import type { ClaimedTask, Completion } from './task-types.js';
import type { tasksOver } from './tasks.js';
import type { JsonValue } from './types.js';
import { type Reachability, untilAnswered } from './until-answered.js';
import type { EndReason, TaskHandler, WorkerNews } from './worker-types.js';

export type AttemptOptions = Readonly<{
  tasks: ReturnType<typeof tasksOver>;
  handle: TaskHandler;
  leaseSeconds: number;
  reachability: Reachability;
  tell(news: WorkerNews): void;
  /** Tells the server that a task is done. @throws ForklineError when that is refused, and what `givingUp` throws */
  complete(completed: Completion & Readonly<{ id: string }>): Promise<unknown>;
  /** Once aborted, the server is told no more. */
  givingUp: AbortSignal;
}>;

/** An attempt at a task, under way. */
export type Attempt = Readonly<{
  /** Settles once the work has ended, however, and what came of it is to be told. Never rejects. */
  worked: Promise<unknown>;
  /** Settles once the server knows what came of it, or that it is no matter any more. Never rejects. */
  over: Promise<Ending>;
  /** Ends the work before its time. */
  end(reason: EndReason): void;
}>;

export type Ending = 'completed' | 'failed' | 'lost';

type Result = Readonly<{ result?: JsonValue }> | Readonly<{ failure: TaskFailure }>;

/** Nobody waits for what comes of the task here any more. */
const isGone = (error: unknown): boolean =>
  error instanceof ForklineError &&
  ['lease-lost', 'task-not-found', 'task-already-settled'].includes(error.code);

/** Three heartbeats a lease: two may be missed. */
const beatsALease = 3;
const longestError = 20_000;
const progressEveryMs = 500;

/**
 * Carries out a claimed task: keeps its lease, passes on progress, ends the work when the lease is
 * lost or somebody cancels the task, and tells the server what came of it until it has heard.
 */
export const startAttempt = (task: ClaimedTask, options: AttemptOptions): Attempt => {
  const { tasks, handle, leaseSeconds, reachability, tell, complete, givingUp } = options;
  const { id, leaseToken } = task;
  const begun = performance.now();
  const working = new AbortController();
  const holding = new AbortController();

  const end = (reason: EndReason): void => {
    if (working.signal.aborted) return;
    tell({ type: 'ending', task, reason });
    working.abort(reason);
  };

  const beat = async (): Promise<void> => {
    const { signal } = holding;
    const everyMs = (leaseSeconds * 1_000) / beatsALease;
    while (!signal.aborted) {
      await pause(everyMs, signal);
      const call = () => tasks.heartbeat(id, { leaseToken }, { signal });
      const { cancelRequested } = await untilAnswered(call, reachability, {
        signal,
        mostMs: everyMs / 2,
      });
      if (cancelRequested) end('cancel-requested');
    }
  };
  const beating = beat().catch((error: unknown) => {
    if (isGone(error)) end('lease-lost');
    // Any other refusal is met again, and told, when the work is over; so is a holding that has ended.
  });

  const reports = latestOnly(async (report: Readonly<{ percent: number; status?: string }>) => {
    // A report that fails is made up for by the next.
    await tasks.progress(id, { leaseToken, ...report }).catch((error: unknown) => {
      if (isGone(error)) end('lease-lost');
    });
  }, progressEveryMs);

  const work = async (): Promise<Result> => {
    try {
      const result = await handle(task, {
        signal: working.signal,
        progress: (percent, status) => {
          const report = { percent, ...(status !== undefined && { status }) };
          tell({ type: 'progress', task, ...report });
          reports.put(report);
        },
      });
      return result === undefined ? {} : { result };
    } catch (error) {
      return { failure: failureOf(error, working.signal) };
    }
  };

  const tookMs = () => Math.round(performance.now() - begun);
  const fail = async (failure: TaskFailure): Promise<Ending> => {
    const { message, retryable, retryAfterSeconds } = failure;
    const error = message.slice(0, longestError);
    const after = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    const failed = { leaseToken, error, retryable, ...after };
    await untilAnswered(() => tasks.fail(id, failed), reachability, { signal: givingUp });
    tell({ type: 'failed', task, tookMs: tookMs(), error, retryable });
    return 'failed';
  };
  const settle = async (result: Result): Promise<Ending> => {
    if ('failure' in result) return fail(result.failure);
    try {
      await complete({ id, leaseToken, ...result });
      tell({ type: 'completed', task, tookMs: tookMs() });
      return 'completed';
    } catch (error) {
      if (isGone(error) || !(error instanceof ForklineError)) throw error;
      return fail(new TaskFailure(`the result was refused: ${error.message}`, false));
    }
  };

  const worked = work();
  const run = async (): Promise<Ending> => {
    try {
      const result = await worked;
      await reports.end();
      if (working.signal.reason !== 'lease-lost') return await settle(result);
    } catch {
      // Refused for good, or given up: the lease is another's, or runs out.
    } finally {
      holding.abort();
      await beating;
    }
    tell({ type: 'lost', task, tookMs: tookMs() });
    return 'lost';
  };
  return { worked, over: run(), end };
};

const failureOf = (error: unknown, { reason }: AbortSignal): TaskFailure => {
  if (reason === 'cancel-requested') return new TaskFailure('cancelled', false);
  // Through no fault of the task's: another worker may have it at once.
  if (reason === 'stopping') return new TaskFailure('the worker stopped', true, 0);
  if (error instanceof TaskFailure) return error;
  return new TaskFailure(error instanceof Error ? error.message : String(error));
};
