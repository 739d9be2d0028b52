import { LRUCache } from 'lru-cache';
import type { StoredEvent } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { eventBytes } from '../eventstore/size.js';

/** The newest events of some streams, as they came by: what was received once need not be read again. */
export type PassingEvents = Readonly<{
  /** Takes an event of a stream. After a gap, or where it is not what came by before, only it and what comes after it is there. */
  note(event: StoredEvent): void;
  /** Lets go of a stream's events before a revision. */
  release(stream: string, before: number): void;
  /** Lets go of all of a stream. */
  forget(stream: string): void;
  /**
   * The same streams. A stretch of which every event is here is given from here, though its stream may
   * have been deleted for good by now.
   */
  before(streams: Streams): Streams;
}>;

/** @param mostBytes how much of them is kept, by a rough count; of the streams that were quiet longest nothing */
export const passingEvents = (mostBytes: number): PassingEvents => {
  const streams = new LRUCache<string, { events: StoredEvent[]; bytes: number }>({
    maxSize: mostBytes,
    sizeCalculation: ({ bytes }) => bytes,
  });

  return {
    note: (event) => {
      const { stream, revision, position } = event;
      const known = streams.get(stream);
      const at = revision - (known?.events[0]?.revision ?? 0);
      // It came by before, from a place that was gone back to. At another position it is of another history.
      if (known?.events[at]?.position === position) return;
      const { events, bytes } = known?.events.length === at ? known : { events: [], bytes: 0 };
      events.push(event);
      streams.set(stream, { events, bytes: bytes + eventBytes(event) });
    },
    release: (stream, before) => {
      const known = streams.peek(stream);
      if (!known) return;
      const events = known.events.filter(({ revision }) => revision >= before);
      const bytes = events.reduce((sum, event) => sum + eventBytes(event), 0);
      if (events.length === 0) streams.delete(stream);
      else streams.set(stream, { events, bytes });
    },
    forget: (stream) => {
      streams.delete(stream);
    },
    before: (all) => ({
      ...all,
      read: (stream, options = {}) => {
        const { from = 0, through, direction, limit } = options;
        const { events = [] } = streams.peek(stream) ?? {};
        const [first] = events;
        const last = events.at(-1);
        const isHere = first && last && through !== undefined && first.revision <= from;
        if (!isHere || last.revision < through || direction === 'backwards' || limit !== undefined)
          return all.read(stream, options);
        return given(events.slice(from - first.revision, through - first.revision + 1));
      },
    }),
  };
};

async function* given(events: readonly StoredEvent[]): AsyncGenerator<StoredEvent> {
  yield* events;
}
