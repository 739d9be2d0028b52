import { type Attempt, startAttempt } from './attempt.js';
import { claimerOver } from './claimer.js';
import { completerOver } from './completer.js';
import { pause } from './pause.js';
import { presenceOf } from './presence.js';
import type { ClaimedTask } from './task-types.js';
import { tasksOver } from './tasks.js';
import type { Transport } from './transport.js';
import { reachabilityOf } from './until-answered.js';
import type { StopReason, TaskHandler, WorkDone, WorkerNews, WorkOptions } from './worker-types.js';
import type { Workers } from './workers.js';

/** How long after the end of the grace the server may take to hear what became of the tasks. */
const lastWordsMs = 15_000;

/** Carries out tasks until it is stopped. @throws ForklineError when the server refuses the worker */
export const work = async (
  http: Transport,
  workers: Workers,
  options: WorkOptions,
  handle: TaskHandler,
): Promise<WorkDone> => {
  const { id, queues, concurrency = 1, leaseSeconds = 30, heartbeatSeconds = 10 } = options;
  const { graceSeconds = 30, maxTasks = Number.POSITIVE_INFINITY, signal, onNews } = options;
  const tell = (news: WorkerNews) => onNews?.(news);
  const reachability = reachabilityOf(
    ({ detail }, waitMs) => tell({ type: 'unreachable', detail, waitMs }),
    () => tell({ type: 'reachable' }),
  );
  const worker = { id, queues, maxConcurrentTasks: concurrency, heartbeatSeconds };
  const presence = presenceOf({ workers, worker, reachability, tell });
  const claimNext = claimerOver(http, { queues, workerId: id, leaseSeconds, reachability });
  const tasks = tasksOver(http);

  const running = new Set<Attempt>();
  const done = { completed: 0, failed: 0, lost: 0 };
  const claiming = new AbortController();
  const living = new AbortController();
  const givingUp = new AbortController();
  let claimed = 0;
  /** Tasks whose work is under way. One that is done leaves its place to the next while the server is told. */
  let atWork = 0;
  let failure: unknown;
  let wake = () => {};

  /** After the grace, what still runs is ended; a while later, what the server has not heard is left to the leases. */
  const limit = async (): Promise<void> => {
    await pause(graceSeconds * 1_000, living.signal);
    for (const attempt of running) attempt.end('stopping');
    await pause(lastWordsMs, living.signal);
    givingUp.abort();
  };

  const stop = (why: StopReason): void => {
    if (claiming.signal.aborted) return;
    tell({ type: 'stopping', why, running: running.size });
    claiming.abort();
    if (why !== 'done') limit().catch(() => {});
    wake();
  };

  const start = (task: ClaimedTask): void => {
    claimed += 1;
    tell({ type: 'claimed', task });
    const attempt = startAttempt(task, {
      tasks,
      handle,
      complete,
      leaseSeconds,
      reachability,
      tell,
      givingUp: givingUp.signal,
    });
    running.add(attempt);
    atWork += 1;
    void attempt.worked.then(() => {
      atWork -= 1;
      wake();
    });
    void attempt.over.then((ending) => {
      running.delete(attempt);
      done[ending] += 1;
      wake();
    });
  };

  const complete = completerOver({ tasks, reachability, givingUp: givingUp.signal });

  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  /** How many more tasks it may be given. No more are held than twice as many as it works at, should the server be slow to hear. */
  const room = (): number =>
    Math.min(concurrency - atWork, 2 * concurrency - running.size, maxTasks - claimed);

  const fill = async (): Promise<void> => {
    while (!claiming.signal.aborted) {
      const max = room();
      if (claimed >= maxTasks) stop('done');
      else if (max <= 0) await change();
      else {
        const tasks = await claimNext(max, claiming.signal);
        tasks.forEach(start);
        // Where there were no more, the next claim is in no hurry, and is for the places of work that ends at once as well.
        if (tasks.length > 0 && tasks.length < max) await pause(0);
      }
    }
  };

  /** Whatever ends the worker before it is asked to stop. */
  const fail = (error: unknown): void => {
    if (claiming.signal.aborted) return;
    failure = error;
    stop('refused');
  };

  const onSignal = () => stop('signal');
  signal?.addEventListener('abort', onSignal);
  try {
    if (signal?.aborted) return done;
    await presence.register(claiming.signal);
    const onStopRequested = () => stop('asked');
    const beating = presence.beat(living.signal, claiming.signal, onStopRequested).catch(fail);
    await fill().catch(fail);
    while (running.size > 0) await change();
    living.abort();
    await beating;
    await presence.leave();
  } catch (error) {
    // Stopped while it waited to be registered.
    if (!claiming.signal.aborted) throw error;
  } finally {
    living.abort();
    signal?.removeEventListener('abort', onSignal);
  }
  if (failure !== undefined) throw failure;
  return done;
};
