import type { FeedEvent } from './feed-event.js';

// More than are told at a time; those who catch up may be told others in between.
const mostRemembered = 256;

/** Makes something of an event once for all who are told it, and remembers it for as long as they probably are. */
export const perEvent = <Made>(make: (event: FeedEvent) => Made): ((event: FeedEvent) => Made) => {
  const known = new Map<FeedEvent, Made>();
  return (event) => {
    const before = known.get(event);
    if (before !== undefined) return before;
    const made = make(event);
    known.set(event, made);
    if (known.size > mostRemembered)
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    return made;
  };
};
