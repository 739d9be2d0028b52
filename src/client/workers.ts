import { bothSignals } from './both-signals.js';
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

/** What a worker says of itself. */
const presenceCalls = (http: Transport) => ({
  /** Says that a worker is there and what it takes; again to change that, or to be back after a stop. */
  register: (worker: NewWorker, options?: WriteOptions) =>
    http.write<Written>('POST', '/v1/workers', worker, options),
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
});

export type Workers = ReturnType<typeof presenceCalls>;

/**
 * Who carries out tasks.
 *
 * @param impatient makes each call once: a worker that runs comes back by itself, for as long as it runs
 * @param closing stops the workers that run
 */
export const workersOver = (http: Transport, impatient: Transport, closing: AbortSignal) => {
  const list = (query?: WorkerQuery, options?: ReadOptions) =>
    http.read<Page<Worker>>('/v1/workers', query, options);

  return {
    ...presenceCalls(http),
    get: (id: string, options?: ReadOptions) =>
      http.read<Worker>(path`/v1/workers/${id}`, {}, options),
    /** One page, by id. */
    list,
    /** Every worker, by id. */
    each: (query: WorkerQuery = {}, options?: ReadOptions) =>
      everyItem((page: WorkerQuery) => list(page, options), query),
    /**
     * Is a worker: registers, claims tasks and carries them out until it is stopped. A server that is
     * away is waited for, and whatever came of tasks meanwhile is told it then.
     *
     * @throws ForklineError when the server refuses it, such as for a token that is not valid
     */
    run: async (options: WorkOptions, handle: TaskHandler): Promise<WorkDone> => {
      const stopping = bothSignals(closing, options.signal);
      try {
        const asked = { ...options, signal: stopping.signal };
        return await work(impatient, presenceCalls(impatient), asked, handle);
      } finally {
        stopping.release();
      }
    },
  };
};
