import { v5 } from 'uuid';
import { isToldTo } from '../../domain/webhook-topics.js';
import { archivedType, type StoredEvent } from '../../eventstore/event-store.js';
import type { WebhookRecord } from '../../queries/collections.js';
import type { NewDelivery } from '../../queries/webhook-deliveries.js';
import { referenceTo } from '../../queries/webhook-delivery.js';
import { topicOf } from '../../replay/event-view.js';

/** The delivery of an event to a webhook, or undefined when the webhook is not told of it. */
export const deliveryOf = (event: StoredEvent, webhook: WebhookRecord): NewDelivery | undefined => {
  // Copies tell nothing new.
  if (event.type === archivedType) return undefined;
  const topic = topicOf(event);
  const { stream, metadata } = event;
  if (!isToldTo(webhook, { stream, topic, ownerId: metadata.ownerId })) return undefined;
  const { id: webhookId } = webhook;
  return { id: deliveryId(event.id, webhookId), webhookId, event: referenceTo(event, topic) };
};

/** The same for the same event and webhook: whoever tells of an event twice tells of one delivery. */
const deliveryId = (eventId: string, webhookId: string): string =>
  `msg_${v5(eventId, webhookId).replaceAll('-', '')}`;
