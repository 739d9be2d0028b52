import { ForklineError } from './forkline-error.js';
import { pause } from './pause.js';
import { type Reachability, untilAnswered } from './until-answered.js';
import type { NewWorker, WorkerNews } from './worker-types.js';
import type { Workers } from './workers.js';

export type PresenceOptions = Readonly<{
  workers: Workers;
  worker: Required<NewWorker>;
  reachability: Reachability;
  tell(news: WorkerNews): void;
}>;

/** How long a worker that has stopped tries to say so. */
const goodbyeMs = 3_000;

/** What a worker says of itself: that it is there, is there still, and has stopped. */
export const presenceOf = ({ workers, worker, reachability, tell }: PresenceOptions) => {
  const { id, heartbeatSeconds } = worker;

  const register = async (signal: AbortSignal): Promise<void> => {
    await untilAnswered(() => workers.register(worker, { signal }), reachability, { signal });
    tell({ type: 'registered', workerId: id });
  };

  return {
    /** @throws ForklineError when it is refused, and what aborting throws */
    register,
    /**
     * Sends heartbeats until aborted, which it throws of.
     *
     * @param stopping aborted once the worker stops: then it does not register again
     * @param onStopRequested may be called several times
     */
    beat: async (
      signal: AbortSignal,
      stopping: AbortSignal,
      onStopRequested: () => void,
    ): Promise<void> => {
      const everyMs = heartbeatSeconds * 1_000;
      const call = () => workers.heartbeat(id, { signal });
      for (;;) {
        await pause(everyMs, signal);
        try {
          const answer = await untilAnswered(call, reachability, { signal, mostMs: everyMs });
          if (answer.stopRequested) onStopRequested();
        } catch (error) {
          if (!isForgotten(error)) throw error;
          // Another process of the same id may have said that it stopped: this one goes on.
          if (!stopping.aborted) await register(signal);
        }
      }
    },
    /** Says that the worker has stopped, if there is anybody to hear. */
    leave: async (): Promise<void> => {
      const signal = AbortSignal.timeout(goodbyeMs);
      const call = () => workers.stop(id, { stopped: true }, { signal });
      await untilAnswered(call, reachability, { signal }).catch(() => {});
      tell({ type: 'stopped' });
    },
  };
};

/** Whether a worker has to register again before its heartbeats mean anything. */
const isForgotten = (error: unknown): boolean =>
  error instanceof ForklineError && ['worker-not-found', 'worker-stopped'].includes(error.code);
