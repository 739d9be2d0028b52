import { type StoredEvent, unreadableType } from '../eventstore/event-store.js';
import { keyLane, type Lane, streamLane } from '../projecting/parked-documents.js';
import type { Handling } from '../projecting/retry-parked.js';
import type { Reaction } from './reaction.js';

/** What a reaction does with events that were parked. */
export const handlingOf = (reaction: Reaction): Handling => ({
  handle: (event) => reaction.handle(event),
  lanesOf: (event) => lanesOf(reaction, event),
});

/**
 * The lanes of an event, the wider one first. The key of one that cannot be read is not known: it
 * has its stream's lane alone.
 *
 * @throws what the reaction's `key` throws
 */
export const lanesOf = ({ key }: Reaction, event: StoredEvent): readonly Lane[] => {
  const ofStream = streamLane(event.stream);
  return key && event.type !== unreadableType ? [ofStream, keyLane(key(event))] : [ofStream];
};
