import { type StoredEvent, tombstoneType } from '../eventstore/event-store.js';
import { categoryOf, eventView, topicOf } from '../replay/event-view.js';

/** What decides who is shown an event. */
export type EventLabel = Readonly<{
  position: number;
  stream: string;
  category: string;
  type: string;
  topic: string;
  /** The session or request it belongs to. */
  correlationId: string | undefined;
  /** Undefined on events that Forkline did not write, and on tombstones. */
  ownerId: string | undefined;
}>;

/** An event on its way to consumers. `json` is its view, put into words once for all of them. */
export type FeedEvent = EventLabel & Readonly<{ json: string }>;

export const labelOf = (event: StoredEvent): EventLabel => ({
  position: event.position,
  stream: event.stream,
  category: categoryOf(event.stream),
  type: event.type,
  topic: topicOf(event),
  correlationId: event.metadata.$correlationId,
  ownerId: event.metadata.ownerId,
});

export const feedEvent = (event: StoredEvent, label: EventLabel): FeedEvent => ({
  ...label,
  json: JSON.stringify(eventView(event)),
});

export const isTombstone = ({ type }: EventLabel): boolean => type === tombstoneType;
