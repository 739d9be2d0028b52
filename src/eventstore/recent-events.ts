import type { StoredEvent } from './event-store.js';

export type TailLimits = Readonly<{
  events: number;
  /** By a rough count. Memory holds a few times as much. */
  bytes: number;
}>;

/** The newest events of the store, in order, as many as fit. */
export type RecentEvents = Readonly<{
  add(event: StoredEvent): void;
  /** Whether everything after a position, up to the newest, is here. */
  covers(position: number): boolean;
  /** The position of the newest, or that where all this began. */
  newest(): number;
  /** Where in order the first event after a position stands, be it still to come. To be asked where that is covered. */
  placeAfter(position: number): number;
  /** The event at a place; undefined when it is still to come, or here no longer. */
  at(place: number): StoredEvent | undefined;
}>;

/**
 * Remembers no event yet.
 *
 * @param start the position that the first event to be added comes after
 */
export const recentEvents = (start: number, limits: TailLimits): RecentEvents => {
  const events: StoredEvent[] = [];
  let bytes = 0;
  let dropped = 0;
  let floor = start;

  const dropOldest = (): void => {
    const oldest = events.shift();
    bytes -= oldest?.size ?? 0;
    dropped += 1;
    floor = oldest?.position ?? floor;
  };

  return {
    add: (event) => {
      events.push(event);
      bytes += event.size;
      while (events.length > limits.events || (bytes > limits.bytes && events.length > 1))
        dropOldest();
    },
    covers: (position) => position >= floor,
    newest: () => events.at(-1)?.position ?? floor,
    placeAfter: (position) => {
      let place = events.length;
      while (place > 0 && (events[place - 1]?.position ?? 0) > position) place -= 1;
      return dropped + place;
    },
    at: (place) => events[place - dropped],
  };
};
