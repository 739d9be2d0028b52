import type { EventStore } from '../../src/eventstore/event-store.js';

/** An event store that counts what is asked of it. */
export type CountingStore = EventStore &
  Readonly<{
    counts(): Readonly<{ reads: number; eventsRead: number; appends: number }>;
    /** Starts counting from zero. */
    reset(): void;
  }>;

export const counting = (store: EventStore): CountingStore => {
  let counts = { reads: 0, eventsRead: 0, appends: 0 };
  return {
    ...store,
    read: async function* (stream, options) {
      counts.reads += 1;
      for await (const event of store.read(stream, options)) {
        counts.eventsRead += 1;
        yield event;
      }
    },
    append: (stream, events, expected) => {
      counts.appends += 1;
      return store.append(stream, events, expected);
    },
    counts: () => ({ ...counts }),
    reset: () => {
      counts = { reads: 0, eventsRead: 0, appends: 0 };
    },
  };
};
