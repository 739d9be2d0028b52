import type { Api, Written } from '../../http/support/api.js';
import { bodyOf } from '../../http/support/making.js';
import type { Json } from '../../support/api.js';

export type Registered = Written & Readonly<{ secret: string }>;

/** Programs under test: private addresses allowed, attempts tenths of seconds apart. */
export const quick = {
  WEBHOOK_ALLOW_PRIVATE: 'true',
  WEBHOOK_SCHEDULE_SECONDS: '0,0.1,0.2',
  WEBHOOK_TIMEOUT_SECONDS: '1',
};

export const register = (
  api: Api,
  url: string,
  topics: readonly string[] = ['chat.*'],
  fields: object = {},
): Promise<Registered> => bodyOf(api.post<Registered>('/v1/webhooks', { url, topics, ...fields }));

/** A delivery once it is settled in a status. Asks again until it is; each answer takes a round trip. */
export const settled = async (
  api: Api,
  webhook: Written,
  status: string,
  count = 1,
): Promise<readonly Json[]> => {
  const path = `/v1/webhooks/${webhook.id}/deliveries?status=${status}&after=${webhook.position}`;
  const started = Date.now();
  for (;;) {
    const { items } = await bodyOf(api.get<{ items: readonly Json[] }>(path));
    if (items.length >= count) return items;
    if (Date.now() - started > 30_000) throw new Error(`${items.length} deliveries are ${status}`);
  }
};
