import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, Written } from './types.js';
import { work } from './work.js';
import type {
  NewWorker,
  TaskHandler,
  WorkDone,
  Worker,
  WorkerHeartbeat,
  WorkerQuery,
  WorkOptions,
} from './worker-types.js';

/** Who carries out tasks. */
export const workersOver = (http: Transport) => {
  const list = (query?: WorkerQuery, options?: ReadOptions) =>
    http.read<Page<Worker>>('/v1/workers', query, options);

  const workers = {
    /** Says that a worker is there and what it takes; again to change that, or to be back after a stop. */
    register: (worker: NewWorker, options?: WriteOptions) =>
      http.write<Written>('POST', '/v1/workers', worker, options),
    get: (id: string, options?: ReadOptions) =>
      http.read<Worker>(path`/v1/workers/${id}`, {}, options),
    /** One page, by id. */
    list,
    /** Every worker, by id. */
    each: (query: WorkerQuery = {}, options?: ReadOptions) =>
      everyItem((page: WorkerQuery) => list(page, options), query),
    heartbeat: (id: string, options?: WriteOptions) =>
      http.write<WorkerHeartbeat>('POST', path`/v1/workers/${id}/heartbeat`, {}, options),
    /** Asks a worker to stop; with `stopped`, the worker says that it has. */
    stop: (id: string, { stopped }: Readonly<{ stopped?: boolean }> = {}, options?: WriteOptions) =>
      http.write<Written>(
        'POST',
        path`/v1/workers/${id}/stop`,
        stopped === undefined ? {} : { stopped },
        options,
      ),
    /**
     * Is a worker: registers, claims tasks and carries them out until it is stopped. A server that is
     * away is waited for, and whatever came of tasks meanwhile is told it then.
     *
     * @throws ForklineError when the server refuses it, such as for a token that is not valid
     */
    run: (options: WorkOptions, handle: TaskHandler): Promise<WorkDone> =>
      work(http, workers, options, handle),
  };
  return workers;
};

export type Workers = Readonly<{
  register(worker: NewWorker, options?: WriteOptions): Promise<Written>;
  heartbeat(id: string, options?: WriteOptions): Promise<WorkerHeartbeat>;
  stop(id: string, how?: Readonly<{ stopped?: boolean }>, options?: WriteOptions): Promise<Written>;
}>;
