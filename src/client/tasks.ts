import { everyItem } from './pages.js';
import { submissionOver } from './submission.js';
import type {
  BulkAnswer,
  Claim,
  Claimed,
  ClaimedTask,
  Completion,
  Completions,
  Failure,
  Heartbeat,
  Held,
  NewTask,
  NextClaim,
  Queue,
  Task,
  TaskProgress,
  TaskQuery,
  TaskSummary,
} from './task-types.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, PageQuery, Written } from './types.js';

/** Work that is put into queues, and carried out by those who hold its leases. */
export const tasksOver = (http: Transport) => {
  const list = (query?: TaskQuery, options?: ReadOptions) =>
    http.read<Page<TaskSummary>>('/v1/tasks', query, options);
  const post = <Answer = Written>(
    id: string,
    action: string,
    body: object,
    options?: WriteOptions,
  ) => http.write<Answer>('POST', path`/v1/tasks/${id}/${action}`, body, options);

  return {
    /**
     * Submits a task. Those that are submitted while others are on their way are sent together, unless
     * options are given.
     */
    submit: submissionOver(http),
    /** Up to 500 at once, each with its own outcome. */
    submitMany: (tasks: readonly NewTask[], options?: WriteOptions) =>
      http.write<BulkAnswer>('POST', '/v1/tasks', tasks, options),
    get: (id: string, options?: ReadOptions) => http.read<Task>(path`/v1/tasks/${id}`, {}, options),
    /** One page, newest first. */
    list,
    /** Every task, newest first. */
    each: (query: TaskQuery = {}, options?: ReadOptions) =>
      everyItem((page: TaskQuery) => list(page, options), query),
    /** Extends the lease, and hears whether the task is to be cancelled. */
    heartbeat: (id: string, held: Held, options?: WriteOptions) =>
      post<Heartbeat>(id, 'heartbeat', held, options),
    progress: (id: string, progress: TaskProgress, options?: WriteOptions) =>
      post(id, 'progress', progress, options),
    /** Answers with the next tasks too, if they are asked for. */
    complete: (
      id: string,
      completion: Completion & Readonly<{ claim?: NextClaim }>,
      options?: WriteOptions,
    ) => post<Written & Claimed>(id, 'complete', completion, options),
    /** Up to 500 at once, each with its own outcome. */
    completeMany: (completions: Completions, options?: WriteOptions) =>
      http.write<BulkAnswer & Claimed>('POST', '/v1/tasks/complete', completions, options),
    fail: (id: string, failure: Failure, options?: WriteOptions) =>
      post(id, 'fail', failure, options),
    cancel: (id: string, reason: Readonly<{ reason?: string }> = {}, options?: WriteOptions) =>
      post(id, 'cancel', reason, options),
    /** Puts a dead, cancelled or delayed task back in its queue, with all of its attempts. */
    retry: (id: string, options?: WriteOptions) => post(id, 'retry', {}, options),
  };
};

/** Queues: their numbers, and claiming tasks from them. */
export const queuesOver = (http: Transport) => {
  const list = (query?: PageQuery, options?: ReadOptions) =>
    http.read<Page<Queue>>('/v1/queues', query, options);

  return {
    /** The numbers of a queue; zeros where nothing was put into it. */
    get: (queue: string, options?: ReadOptions) =>
      http.read<Queue>(path`/v1/queues/${queue}`, {}, options),
    /** One page, by name. */
    list,
    /** Every queue, by name. */
    each: (query: PageQuery = {}, options?: ReadOptions) =>
      everyItem((page: PageQuery) => list(page, options), query),
    /** Takes tasks under leases. A name may end in `*`. An idempotency key does not make it repeatable. */
    claim: (queue: string, claim: Claim, options?: WriteOptions) =>
      http.write<Readonly<{ items: readonly ClaimedTask[] }>>(
        'POST',
        path`/v1/queues/${queue}/claim`,
        claim,
        options,
        { once: true },
      ),
  };
};
