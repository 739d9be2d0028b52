import { setTimeout as delay } from 'node:timers/promises';
import { ForklineClient, ForklineError, TaskFailure } from '../../../src/client/node-client.js';
import { drawFrom } from '../draw.js';
import type { Log } from '../log.js';

export type WorkerOptions = Readonly<{
  name: string;
  user: string;
  seed: number;
  url: string;
  log: Log;
  stopping: AbortSignal;
}>;

const queues = ['work', 'stages'];

/** Longer than most pauses of a run, and shorter than some. */
const leaseSeconds = 3;

/** A worker as users have them. How an attempt goes, the task and the attempt say. */
export const runWorker = async (options: WorkerOptions): Promise<void> => {
  const { name, user, seed, url, log, stopping } = options;
  const client = new ForklineClient({ url, userId: user });
  const run = () =>
    client.workers.run(
      {
        ...{ id: name, queues, concurrency: 3, leaseSeconds, heartbeatSeconds: 2 },
        ...{ graceSeconds: 5, signal: stopping },
        onNews: (news) => {
          if (news.type !== 'completed') return;
          const { id: task, leaseToken } = news.task;
          log.note({ log: 'completed', worker: name, task, leaseToken });
        },
      },
      async ({ id, attempt }, { progress }) => {
        const draw = drawFrom(seed, `${id}/${attempt}`);
        const fate = draw.number();
        await delay(draw.below(150));
        if (fate < 0.1) throw new TaskFailure('as drawn', true, 0);
        if (fate < 0.13) throw new TaskFailure('as drawn', false);
        if (fate < 0.2) {
          progress(50);
          await delay(1_500);
        }
        return { outputs: draw.uuid() };
      },
    );
  // Refused by a node that is about to end, say: a worker's supervisor starts it again.
  while (!stopping.aborted)
    await run().catch(async (error: unknown) => {
      if (!(error instanceof ForklineError)) throw error;
      await delay(500);
    });
  client.close();
};

/** A worker that forgets what it has claimed, or comes back to it when its lease may be over. */
export const runForgetful = async (options: WorkerOptions): Promise<void> => {
  const { name, user, seed, url, log, stopping } = options;
  const client = new ForklineClient({ url, userId: user });
  const draw = drawFrom(seed, name);
  while (!stopping.aborted) {
    await delay(draw.between(300, 3_000));
    try {
      const claim = { workerId: name, max: 2, leaseSeconds: 2, waitSeconds: 1 };
      const { items } = await client.queues.claim(draw.of(queues), claim);
      const lateMs = draw.between(0, 3_000);
      const isLost = draw.chance(0.4);
      await delay(lateMs);
      for (const { id: task, leaseToken } of isLost ? [] : items) {
        await client.tasks.complete(task, { leaseToken, result: { outputs: name } });
        log.note({ log: 'completed', worker: name, task, leaseToken });
      }
    } catch (error) {
      if (!(error instanceof ForklineError)) throw error;
    }
  }
  client.close();
};
