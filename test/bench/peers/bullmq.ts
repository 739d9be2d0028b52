import { installPeer, type Wanted } from './install.js';
import { startRedis } from './servers.js';
import type { TaskSystem } from './task-system.js';

const wanted: Wanted = {
  name: 'bullmq',
  packages: { bullmq: '5.81.5' },
};

type Queue = Readonly<{
  add(name: string, data: object, options: object): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}>;
type Worker = Readonly<{
  on(event: 'completed', listener: (job: { id: string }) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}>;
type BullMq = Readonly<{
  Queue: new (name: string, options: object) => Queue;
  Worker: new (name: string, run: () => Promise<void>, options: object) => Worker;
}>;

/** BullMQ over a Redis that writes through to disk. @returns why not, when it cannot be had */
export const startBullMq = async (tell: (line: string) => void): Promise<TaskSystem | string> => {
  const peer = await installPeer(wanted, tell);
  if (typeof peer === 'string') return `BullMQ: ${peer}`;
  const { Queue, Worker } = peer.load('bullmq') as BullMq;
  const redis = await startRedis();
  if (typeof redis === 'string') return `BullMQ: ${redis}`;
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const queue = new Queue('mail', { connection });
  await queue.waitUntilReady();
  return {
    name: 'BullMQ',
    submit: async (jobId) => {
      await queue.add('send', { to: 'x' }, { jobId });
    },
    work: async (concurrency, done) => {
      const worker = new Worker('mail', async () => {}, { connection, concurrency });
      // Told once the job is moved to those completed.
      worker.on('completed', ({ id }) => done(id));
      await worker.waitUntilReady();
      return () => worker.close();
    },
    close: async () => {
      await queue.close();
      await redis.stop();
    },
  };
};
