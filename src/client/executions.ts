import { everyItem } from './pages.js';
import type { Comparison, Pruned, Replay, Replayed } from './replay-types.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type {
  Checkpoint,
  CheckpointQuery,
  CheckpointSummary,
  Execution,
  ExecutionQuery,
  JsonValue,
  NewCheckpoint,
  NewExecution,
  Page,
  PageQuery,
  Timeline,
  Written,
} from './types.js';

/** Runs of agents, and the states they saved on the way. */
export const executionsOver = (http: Transport) => {
  const list = (query?: ExecutionQuery, options?: ReadOptions) =>
    http.read<Page<Execution>>('/v1/executions', query, options);
  const checkpoints = (id: string, query?: CheckpointQuery, options?: ReadOptions) =>
    http.read<Page<CheckpointSummary>>(path`/v1/executions/${id}/checkpoints`, query, options);
  const post = (id: string, action: string, body: object, options?: WriteOptions) =>
    http.write<Written>('POST', path`/v1/executions/${id}/${action}`, body, options);

  return {
    start: (execution: NewExecution = {}, options?: WriteOptions) =>
      http.write<Written>('POST', '/v1/executions', execution, options),
    get: (id: string, options?: ReadOptions) =>
      http.read<Execution>(path`/v1/executions/${id}`, {}, options),
    /** One page, newest activity first. */
    list,
    /** Every execution, newest activity first. */
    each: (query: ExecutionQuery = {}, options?: ReadOptions) =>
      everyItem((page: ExecutionQuery) => list(page, options), query),
    /** Saves a checkpoint. `id` in the answer is the checkpoint's. */
    checkpoint: (id: string, checkpoint: NewCheckpoint, options?: WriteOptions) =>
      post(id, 'checkpoints', checkpoint, options),
    /** One page of an execution's checkpoints without their states, oldest first. */
    checkpoints,
    /** Every checkpoint of an execution, oldest first. */
    eachCheckpoint: (id: string, query: CheckpointQuery = {}, options?: ReadOptions) =>
      everyItem((page: CheckpointQuery) => checkpoints(id, page, options), query),
    /** The checkpoints in order, a page of them, with the forks that hang off each. */
    timeline: (id: string, query: PageQuery = {}, options?: ReadOptions) =>
      http.read<Timeline>(path`/v1/executions/${id}/timeline`, query, options),
    /** Where two executions part, and what is different since: a page of checkpoints, stage by stage. */
    compare: (a: string, b: string, page: PageQuery = {}, options?: ReadOptions) =>
      http.read<Comparison>('/v1/executions/compare', { a, b, ...page }, options),
    /** Prunes all checkpoints but the newest ones. */
    prune: (id: string, keep: Readonly<{ keepLast: number }>, options?: WriteOptions) =>
      http.write<Pruned>('POST', path`/v1/executions/${id}/checkpoints/prune`, keep, options),
    /** Puts the next stage on its queue: of a fork, which stands still until then, or of an imported run. */
    resume: (id: string, options?: WriteOptions) => post(id, 'resume', {}, options),
    complete: (id: string, result: Readonly<{ output?: JsonValue }> = {}, options?: WriteOptions) =>
      post(id, 'complete', result, options),
    fail: (id: string, failure: Readonly<{ error: string }>, options?: WriteOptions) =>
      post(id, 'fail', failure, options),
    cancel: (id: string, reason: Readonly<{ reason?: string }> = {}, options?: WriteOptions) =>
      post(id, 'cancel', reason, options),
  };
};

/** Saved states of executions: looking at one, and forking there. */
export const checkpointsOver = (http: Transport) => ({
  /** A checkpoint with its state, looked at in the execution that saved it, or in another that has it. */
  get: (
    id: string,
    options: ReadOptions & Readonly<{ executionId?: string }> = {},
  ): Promise<Checkpoint> => {
    const { executionId, ...read } = options;
    return http.read<Checkpoint>(path`/v1/checkpoints/${id}`, { executionId }, read);
  },
  /**
   * Forks the execution at the checkpoint. With `after`, the position that saved the checkpoint, it
   * is found however recent it is.
   */
  replay: (
    id: string,
    replay: Replay = {},
    options: WriteOptions & Pick<ReadOptions, 'after'> = {},
  ): Promise<Replayed> => {
    const { after, ...write } = options;
    return http.write<Replayed>('POST', path`/v1/checkpoints/${id}/replay`, replay, write, {
      query: { after: http.after(after) },
    });
  },
});
