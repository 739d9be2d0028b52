import { LRUCache } from 'lru-cache';
import type { StoredEvent } from '../../eventstore/event-store.js';
import { sizeOf } from '../../eventstore/size.js';

/** Events of which deliveries were noted down on this node a moment ago: their first attempts need not read them. */
export type NotedEvents = Readonly<{
  note(event: StoredEvent): void;
  /** The event of an id; undefined when it was not noted here, or longer ago. */
  find(id: string): StoredEvent | undefined;
}>;

const most = 1_000;
const mostBytes = 8 * 1024 * 1024;
/** What was deleted for good since is not to be sent for longer than this. */
const lifetimeMs = 2_000;

/** Remembers no event yet. */
export const notedEvents = (): NotedEvents => {
  const events = new LRUCache<string, StoredEvent>({
    ...{ max: most, maxSize: mostBytes, ttl: lifetimeMs },
    sizeCalculation: ({ data }) => sizeOf(data),
  });
  return { note: (event) => events.set(event.id, event), find: (id) => events.get(id) };
};
