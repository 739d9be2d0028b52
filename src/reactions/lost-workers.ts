import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v5 } from 'uuid';
import type { CommandHandler } from '../commands/handle.js';
import { isRejection } from '../domain/decider.js';
import type { WorkerCommand, WorkerRejection } from '../domain/worker.js';
import type { Clock } from '../projecting/clock.js';
import type { Collections } from '../queries/collections.js';
import type { Heartbeat, WorkerHeartbeats } from '../queries/worker-heartbeats.js';
import { workersThere } from '../queries/workers.js';

export type LosingWorkers = Readonly<{
  heartbeats: WorkerHeartbeats;
  collections: Collections;
  workers: CommandHandler<WorkerCommand, WorkerRejection>;
  clock: Clock;
  log: Logger;
  /** How often to look for heartbeats that are overdue, in milliseconds; 1 s by default. */
  everyMs?: number;
  /** How often to look for workers of whom none is expected; a minute by default. */
  searchEveryMs?: number;
}>;

/** How long a worker has that was found without a heartbeat expected of it. */
const reprieveMs = 60_000;

const idsAtOnce = 500;

/** Names the ids of commands made here. */
const namespace = '6a1f0f6e-58f5-5c3b-9d0e-2f6d1d5f5a10';

/**
 * Notices workers that fell silent: every node asks once a second which heartbeats are overdue, by
 * the clock that all share. The command's id is made from the heartbeat that was the last, so that
 * a worker is lost once, whichever nodes noticed it.
 *
 * Every worker that should be there is expected to be heard from: also one that registered just
 * before a crash, or whose heartbeats went with a database.
 */
export const startLosingWorkers = (options: LosingWorkers): Readonly<{ stop(): Promise<void> }> => {
  const { heartbeats, collections, workers, clock, log } = options;
  const { everyMs = 1_000, searchEveryMs = 60_000 } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  const lose = async (last: Heartbeat): Promise<void> => {
    const { workerId, at, expiresAt } = last;
    const lastHeartbeatAt = at > 0 ? { lastHeartbeatAt: new Date(at).toISOString() } : {};
    const outcome = await workers(workerId, [{ type: 'LoseWorker', ...lastHeartbeatAt }], {
      commandId: v5(`${workerId} ${at} ${expiresAt}`, namespace),
      requestId: 'lost-workers',
      caller: { userId: 'forkline', admin: true },
    });
    if (!isRejection(outcome) && outcome.added > 0) log.warn({ workerId }, 'a worker was lost');
    await heartbeats.rest(last);
  };

  const expectAll = async (): Promise<void> => {
    const expiresAt = clock.now() + reprieveMs;
    let ids: string[] = [];
    for await (const id of workersThere(collections)) {
      ids.push(id);
      if (ids.length < idsAtOnce) continue;
      await heartbeats.expect(ids, expiresAt);
      ids = [];
    }
    await heartbeats.expect(ids, expiresAt);
  };

  /** Does something again and again until the end; what fails is done next time. */
  const repeat = async (work: () => Promise<void>, pauseMs: number): Promise<void> => {
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        log.warn({ err: error }, 'workers that fell silent could not be looked for');
      });
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  };

  const running = Promise.all([
    repeat(async () => {
      for (const last of await heartbeats.expired(clock.now())) await lose(last);
    }, everyMs),
    repeat(expectAll, searchEveryMs),
  ]);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};
