import type { StoredEvent } from '../eventstore/event-store.js';

/** One try to hand an event over. */
export type Attempt = Readonly<{
  /** When it began, ISO 8601 UTC. */
  at: string;
  durationMs: number;
  /** Of the answer, if there was one. */
  status?: number;
  /** Why it failed. */
  error?: string;
  /** How the body of the answer began. */
  response?: string;
}>;

/** `parked`: given up, until someone has it sent again. */
export type DeliveryStatus = 'pending' | 'succeeded' | 'parked';

/** Where the event of a delivery is. What it says stays in the event store alone, and so goes with its stream. */
export type EventReference = Readonly<{
  id: string;
  type: string;
  topic: string;
  stream: string;
  revision: number;
  /** Its place in its stream as the store counts, without what a fork inherits. */
  storeRevision: number;
  position: number;
  created: string;
}>;

/** An event on its way to a webhook, and what became of it. An operational record, not a read model. */
export type DeliveryDocument = Readonly<{
  /** The `webhook-id` header, the same over all attempts. */
  _id: string;
  webhookId: string;
  event: EventReference;
  status: DeliveryStatus;
  /** How many attempts were made since it was last begun. */
  tries: number;
  attempts: readonly Attempt[];
  /** When the next attempt is due, in milliseconds; while one is under way, when that counts as lost. */
  dueAt: number | null;
  /** Names the attempt under way. */
  lock: string | null;
  /** Why it is parked. */
  reason: string | null;
  createdAt: string;
}>;

/** A delivery as the owner of its webhook sees it. */
export type DeliveryView = Readonly<{
  id: string;
  webhookId: string;
  status: DeliveryStatus;
  topic: string;
  event: Readonly<{ id: string; type: string; stream: string; revision: number; position: string }>;
  attempts: readonly Attempt[];
  nextAttemptAt: string | null;
  reason?: string;
  createdAt: string;
}>;

/** A delivery without what only the dispatcher needs. */
export const viewOfDelivery = (delivery: DeliveryDocument): DeliveryView => {
  const { _id, webhookId, status, event, attempts, dueAt, reason, createdAt } = delivery;
  const { id, type, stream, revision, position } = event;
  return {
    id: _id,
    webhookId,
    status,
    topic: event.topic,
    event: { id, type, stream, revision, position: `${position}` },
    attempts,
    nextAttemptAt: dueAt === null ? null : new Date(dueAt).toISOString(),
    ...(reason !== null && { reason }),
    createdAt,
  };
};

/** Where an event can be read again, and what lists of deliveries say of it. */
export const referenceTo = (event: StoredEvent, topic: string): EventReference => {
  const { id, type, stream, revision, position, created, metadata } = event;
  const storeRevision = revision - (metadata.base ?? 0);
  return { id, type, topic, stream, revision, storeRevision, position, created };
};
