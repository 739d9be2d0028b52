import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { grouped } from './grouped.js';

/** Everything that is in the event store, in the order of positions. */
export type History = Readonly<{
  events: readonly StoredEvent[];
  /** The events of each stream as it is stored, in the order in which they were read. */
  streams: ReadonlyMap<string, readonly StoredEvent[]>;
}>;

/** @param events in the order of positions */
export const historyFrom = (events: readonly StoredEvent[]): History => ({
  events,
  streams: grouped(events, ({ stream }) => stream),
});

/** Reads every event from the store itself. */
export const readHistory = async (url: string): Promise<History> => {
  const store = connectEventStore(url);
  const events: StoredEvent[] = [];
  const subscription = store.subscribe('start');
  for await (const event of subscription) {
    if (!('stream' in event)) break;
    events.push(event);
  }
  subscription.close();
  await store.close();
  return historyFrom(events);
};
