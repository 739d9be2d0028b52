import type { Api, Written } from './api.js';
import { bodyOf } from './making.js';

/** A task as its holder was given it. */
export type ClaimedTask = Readonly<{
  id: string;
  leaseToken: string;
  leaseExpiresAt: string;
  attempt: number;
  payload: unknown;
  position: string;
}>;

export const submitTask = (api: Api, queue: string, fields: object = {}): Promise<Written> =>
  bodyOf(api.post('/v1/tasks', { type: 'summarise', queue, ...fields }));

export const claimTasks = async (
  api: Api,
  queue: string,
  fields: object = {},
): Promise<readonly ClaimedTask[]> => {
  const { items } = await bodyOf(
    api.post<{ items: readonly ClaimedTask[] }>(`/v1/queues/${encodeURIComponent(queue)}/claim`, {
      ...{ workerId: 'w-1', waitSeconds: 10, ...fields },
    }),
  );
  return items;
};

/** Submits a task to a queue of its own, and claims it. */
export const heldTask = async (
  api: Api,
  queue: string,
  fields: object = {},
): Promise<ClaimedTask> => {
  await submitTask(api, queue, fields);
  const [claimed] = await claimTasks(api, queue);
  if (!claimed) throw new Error(`nothing was ready in ${queue}`);
  return claimed;
};
