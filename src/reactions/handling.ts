import { type StoredEvent, unreadableType } from '../eventstore/event-store.js';
import { keyLane, type Lane, streamLane } from '../projecting/parked-documents.js';
import type { Handling } from '../projecting/retry-parked.js';
import type { Reaction } from './reaction.js';
import { attempting, type Retries } from './retries.js';

/** What a reaction does with events that were parked: one attempt each. */
export const handlingOf = (reaction: Reaction, retries: Retries): Handling => ({
  handle: (event) =>
    attempting(
      () => reaction.handle(event),
      { ...retries, attempts: 1 },
      () => {},
      new AbortController().signal,
    ),
  lanesOf: (event) => lanesOf(reaction, event),
});

/** Whether a reaction is to hear of an event. What cannot be read may be of any type. */
export const concerns = (
  { categories, types, ignores }: Reaction,
  event: Pick<StoredEvent, 'type' | 'stream'>,
): boolean => {
  const { type, stream } = event;
  if (categories && !categories.some((category) => stream.startsWith(`${category}-`))) return false;
  if (type === unreadableType) return true;
  return (!types || types.includes(type)) && !ignores?.(event);
};

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
