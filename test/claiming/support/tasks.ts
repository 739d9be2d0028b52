import type { ClaimedTask } from '../../../src/claiming/claim-task.js';
import type { Api, Reply, Written } from '../../http/support/api.js';
import { bodyOf } from '../../http/support/making.js';

export type Claimed = Readonly<{ items: readonly ClaimedTask[] }>;

/** Puts a task in a queue. */
export const submit = (api: Api, queue: string, fields: object = {}): Promise<Written> =>
  bodyOf(api.post('/v1/tasks', { type: 'send', queue, ...fields }));

/** Puts many in, numbered in their payloads. @returns their ids, in order */
export const submitMany = async (
  api: Api,
  queue: string,
  count: number,
  fields: object = {},
): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let done = 0; done < count; done += 500) {
    const batch = Array.from({ length: Math.min(500, count - done) }, (_, n) => ({
      ...{ type: 'send', queue, payload: { n: done + n } },
      ...fields,
    }));
    const { items } = await bodyOf(
      api.post<{ items: readonly { status: number; body: Written }[] }>('/v1/tasks', batch),
    );
    for (const { status, body } of items) {
      if (status !== 201) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
      ids.push(body.id);
    }
  }
  return ids;
};

const pathOf = (queue: string): string => `/v1/queues/${encodeURIComponent(queue)}/claim`;

export const askForTasks = (
  api: Api,
  queue: string,
  fields: object = {},
): Promise<Reply<Claimed>> => api.post<Claimed>(pathOf(queue), { workerId: 'w-1', ...fields });

/** Claims tasks, one unless `fields` say otherwise. */
export const claim = async (
  api: Api,
  queue: string,
  fields: object = {},
): Promise<readonly ClaimedTask[]> => (await bodyOf(askForTasks(api, queue, fields))).items;

/** Claims one after another until there are none. */
export const claimAll = async (
  api: Api,
  queue: string,
  fields: object = {},
): Promise<readonly ClaimedTask[]> => {
  const all: ClaimedTask[] = [];
  for (;;) {
    const items = await claim(api, queue, fields);
    if (items.length === 0) return all;
    all.push(...items);
  }
};

export const complete = (
  api: Api,
  { id, leaseToken }: Pick<ClaimedTask, 'id' | 'leaseToken'>,
  fields: object = {},
): Promise<Written & Readonly<{ claimed?: Claimed }>> =>
  bodyOf(api.post(`/v1/tasks/${id}/complete`, { leaseToken, ...fields }));
