import type { FeedEvent } from './feed-event.js';

/** The latest events, as many as fit. */
export type EventWindow = Readonly<{
  add(event: FeedEvent): void;
  /** Whether every event after a position that was ever added is still here. */
  covers(position: number): boolean;
  /** The first event after a position. Only to be trusted where the window covers the position. */
  next(position: number): FeedEvent | undefined;
}>;

export type WindowLimits = Readonly<{ events: number; characters: number }>;

/** @param start the position that the first event to be added comes after */
export const eventWindow = (start: number, limits: WindowLimits): EventWindow => {
  const events: FeedEvent[] = [];
  let characters = 0;
  let floor = start;

  const isOverfull = () => events.length > limits.events || characters > limits.characters;

  const indexAfter = (position: number): number => {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((events[middle]?.position ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    add: (event) => {
      events.push(event);
      characters += event.json.length;
      while (isOverfull()) {
        const oldest = events.shift();
        if (!oldest) return;
        characters -= oldest.json.length;
        floor = oldest.position;
      }
    },
    covers: (position) => position >= floor,
    next: (position) => events[indexAfter(position)],
  };
};
