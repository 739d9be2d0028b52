import type { EventStore } from '../../eventstore/event-store.js';
import type { Clock } from '../../projecting/clock.js';
import type { WebhookRecord } from '../../queries/collections.js';
import type { NewDelivery, WebhookDeliveries } from '../../queries/webhook-deliveries.js';
import { deliveryOf } from './addressees.js';

export type ResendOptions = Readonly<{
  store: EventStore;
  deliveries: WebhookDeliveries;
  clock: Clock;
}>;

const batchSize = 200;
/** How far apart the clocks of the stores may be, in milliseconds. */
const clocksApartMs = 60_000;

/**
 * The function made delivers again every event since a time that a webhook is told of, whether it was
 * delivered, given up, or never noted down because the webhook was disabled. Events from before the
 * webhook was registered are none of its own. Reading begins at what was last delivered before that
 * time.
 *
 * @returns how many deliveries were begun
 */
export const resender =
  ({ store, deliveries, clock }: ResendOptions) =>
  async (webhook: WebhookRecord, since: number): Promise<number> => {
    const { id: webhookId, registeredAt } = webhook;
    const before = new Date(since - clocksApartMs).toISOString();
    const delivered = await deliveries.positionBefore(webhookId, before);
    const head = await store.head();
    let count = 0;

    const begin = async (batch: readonly NewDelivery[]): Promise<void> => {
      const now = clock.now();
      const ids = batch.map(({ id }) => id);
      // In this order: one that is added now may be delivered at once, and is not to be begun again.
      count += await deliveries.begin(webhookId, ids, now);
      count += await deliveries.add(batch, now);
    };

    const subscription = store.subscribe(Math.max(registeredAt, delivered ?? 0));
    let batch: NewDelivery[] = [];
    try {
      for await (const item of subscription) {
        if (!('position' in item) || item.position > head) break;
        const delivery = Date.parse(item.created) >= since ? deliveryOf(item, webhook) : undefined;
        if (delivery) batch.push(delivery);
        if (batch.length >= batchSize) {
          await begin(batch);
          batch = [];
        }
        if (item.position === head) break;
      }
    } finally {
      subscription.close();
    }
    await begin(batch);
    return count;
  };
