import { ForklineClient } from '../../../src/client/node-client.js';
import { post } from './post.js';

/** Does tasks for as long as it may, so many at a time, and tells of each how long it took, in milliseconds. */
export type Way = (
  url: string,
  inFlight: number,
  isOver: () => boolean,
  took: (ms: number) => void,
) => Promise<void>;

type Held = readonly Readonly<{ id: string; leaseToken: string }>[];

const queue = 'mail';
const task = { type: 'send', queue, payload: { to: 'x' } };

const workers = (count: number, work: (name: string) => Promise<void>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(`w-${n}`)));

/** Each worker submits a task, claims one and completes it, by a request each. */
const byRequests =
  (claimsWithCompletion: boolean): Way =>
  async (url, inFlight, isOver, took) => {
    await workers(inFlight, async (workerId) => {
      let held: Held = [];
      while (!isOver()) {
        const began = performance.now();
        await post(url, '/v1/tasks', task);
        if (held.length === 0) {
          const asked = { workerId, waitSeconds: 1 };
          ({ items: held } = await post<{ items: Held }>(url, `/v1/queues/${queue}/claim`, asked));
        }
        for (const { id, leaseToken } of held) {
          const next = claimsWithCompletion ? { claim: { queue } } : {};
          const completed = { leaseToken, ...next };
          const path = `/v1/tasks/${id}/complete`;
          const { claimed } = await post<{ claimed?: { items: Held } }>(url, path, completed);
          held = claimed?.items ?? [];
          took(performance.now() - began);
        }
      }
      for (const { id, leaseToken } of held)
        await post(url, `/v1/tasks/${id}/complete`, { leaseToken });
    });
  };

/** As programs do it: through the client, with one worker for all tasks. Each submitter waits until its task is done. */
const byClient: Way = async (url, inFlight, isOver, took) => {
  const client = new ForklineClient({ url });
  const stopping = new AbortController();
  const awaited = new Map<number, () => void>();
  let submitted = 0;
  const working = client.workers.run(
    {
      ...{ id: 'bench', queues: [queue], concurrency: inFlight, signal: stopping.signal },
      onNews: (news) => {
        if (news.type === 'completed') awaited.get(Number(news.task.payload))?.();
      },
    },
    async () => undefined,
  );
  await workers(inFlight, async () => {
    while (!isOver()) {
      const began = performance.now();
      submitted += 1;
      const number = submitted;
      const done = new Promise<void>((resolve) => awaited.set(number, resolve));
      await client.tasks.submit({ type: 'send', queue, payload: number });
      await done;
      awaited.delete(number);
      took(performance.now() - began);
    }
  });
  stopping.abort();
  await working;
  await client.close();
};

export const ways = {
  requests: byRequests(false),
  next: byRequests(true),
  client: byClient,
} as const;
