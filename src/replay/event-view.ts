import type { StoredEvent } from '../eventstore/event-store.js';

/** An event as users see it. */
export const eventView = ({ metadata, position, ...event }: StoredEvent) => {
  const { base: _, ...shown } = metadata;
  return { ...event, topic: event.type, position: String(position), metadata: shown };
};
