import type { History } from '../history.js';
import { type LogLine, linesOf } from '../log-lines.js';
import { expectedOf } from './feeds.js';
import { type Finding, findingOf } from './finding.js';

/** A delivery as the database has it. */
export type KeptDelivery = Readonly<{
  _id: string;
  webhookId: string;
  status: string;
  event: Readonly<{ id: string }>;
}>;

type Registered = Readonly<{ userId: string; topics: readonly string[] }>;

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/**
 * Of every event that a webhook wants its receiver has been told, or the delivery is parked; and what
 * counts as delivered was received. Those that were disabled at some time are looked at for the latter
 * alone: what they are told of depends on when each node had heard of it.
 */
export const checkWebhooks = (
  history: History,
  log: readonly LogLine[],
  deliveries: readonly KeptDelivery[],
): readonly Finding[] => {
  const told = findingOf('webhooks were told of every event, or it is parked');
  const received = findingOf('what counts as delivered was received');
  const taken = new Set<string>();
  for (const { webhook, event, status } of linesOf(log, 'received'))
    if (isSuccess(status)) taken.add(`${webhook} ${event}`);
  const kept = new Map(deliveries.map((each) => [`${each.webhookId} ${each.event.id}`, each]));

  for (const [stream, own] of history.streams) {
    const registered = own.find(({ type }) => type === 'WebhookRegistered');
    if (!registered || own.some(({ type }) => type === 'WebhookDisabled')) continue;
    const id = stream.slice('webhook-'.length);
    const { userId, topics } = registered.data as Registered;
    const expected = expectedOf(history, userId, { topics });
    for (const event of expected.filter(({ position }) => position > registered.position)) {
      told.look();
      const delivery = kept.get(`${id} ${event.id}`);
      const isParked = delivery?.status === 'parked';
      if (isParked || taken.has(`${id} ${event.id}`)) continue;
      told.broken(
        `${stream}, of ${event.stream}@${event.revision} ${event.type}`,
        delivery ? `the delivery ${delivery._id} is ${delivery.status}` : 'there is no delivery',
      );
    }
  }
  for (const [name, { status, _id, webhookId }] of kept) {
    received.look();
    if (status === 'succeeded' && !taken.has(name))
      received.broken(`webhook-${webhookId}`, `${_id} counts as delivered and was not received`);
    if (status === 'pending') received.broken(`webhook-${webhookId}`, `${_id} is still pending`);
  }
  return [told.done(), received.done()];
};
