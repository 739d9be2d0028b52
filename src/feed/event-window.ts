import type { FeedEvent } from './feed-event.js';

/** A stretch of the past. */
export type Stretch = Readonly<{
  /** Whether what comes after a position is known here. */
  covers(position: number): boolean;
  /** The first event after a position, to be asked only where that is covered; undefined at the end. */
  next(position: number): FeedEvent | undefined;
}>;

/** The latest events, as many as fit. */
export type EventWindow = Stretch &
  Readonly<{
    add(event: FeedEvent): void;
    /** Lets go of all of them, and of whatever else there is up to a position. */
    passOver(position: number): void;
  }>;

export type WindowLimits = Readonly<{ events: number; bytes: number }>;

/**
 * An empty window.
 *
 * @param start the position that the first event to be added comes after
 * @param limits how many events it keeps, and how many bytes of JSON they may have together
 */
export const eventWindow = (start: number, limits: WindowLimits): EventWindow => {
  let events: FeedEvent[] = [];
  let bytes = 0;
  let floor = start;

  const isOverfull = () => events.length > limits.events || bytes > limits.bytes;

  return {
    add: (event) => {
      events.push(event);
      bytes += event.json.length;
      while (isOverfull()) {
        const oldest = events.shift();
        if (!oldest) return;
        bytes -= oldest.json.length;
        floor = oldest.position;
      }
    },
    passOver: (position) => {
      if (events.length > 0) events = [];
      bytes = 0;
      floor = position;
    },
    covers: (position) => position >= floor,
    next: (position) => firstAfter(events, position),
  };
};

/** The first of some events, given in order, that comes after a position; undefined when none does. */
export const firstAfter = (
  events: readonly FeedEvent[],
  position: number,
): FeedEvent | undefined => {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return events[low];
};
