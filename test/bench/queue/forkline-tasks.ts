import { ForklineClient } from '../../../src/client/node-client.js';
import type { TaskSystem } from '../peers/task-system.js';
import { startBench } from './support.js';

/** Forkline as programs use it: through its client, and the worker of the client. */
export const startForklineTasks = async (): Promise<TaskSystem> => {
  const bench = await startBench();
  const client = new ForklineClient({ url: bench.url });
  return {
    name: 'Forkline',
    submit: async (id) => {
      await client.tasks.submit({ type: 'send', queue: 'mail', payload: { id } });
    },
    work: async (concurrency, done) => {
      const stopping = new AbortController();
      const options = { id: 'bench', queues: ['mail'], concurrency, signal: stopping.signal };
      const working = client.workers.run(
        {
          ...options,
          onNews: (news) => {
            if (news.type === 'completed') done((news.task.payload as { id: string }).id);
          },
        },
        async () => undefined,
      );
      return async () => {
        stopping.abort();
        await working;
      };
    },
    close: async () => {
      await client.close();
      await bench.stop();
    },
  };
};
