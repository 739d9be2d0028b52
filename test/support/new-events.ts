import { v4 as newId } from 'uuid';
import type { NewEvent, StoredEvent } from '../../src/eventstore/event-store.js';

/** A stream name that nothing else uses, not even an earlier run against the same store. */
export const freshStream = (category = 'test'): string => `${category}-${newId()}`;

/** An event of a type that the codec passes over, with a number to know it by. */
export const newEvent = (n: number, data: object = {}): NewEvent => ({
  id: newId(),
  type: 'Counted',
  data: { n, ...data },
  metadata: {
    $correlationId: 's-1',
    $causationId: 'c-1',
    commandId: 'c-1',
    userId: 'ann',
    ownerId: 'ann',
    requestId: 'r-1',
    schemaVersion: 1,
  },
});

/** `count` events with the numbers from `first` on. */
export const newEvents = (count: number, first = 0): readonly NewEvent[] =>
  Array.from({ length: count }, (_, index) => newEvent(first + index));

/** The number that {@link newEvent} gave an event. */
export const numberOf = ({ data }: Pick<StoredEvent, 'data'>): unknown =>
  (data as { n?: unknown }).n;

/** Everything that an iterable gives. */
export const all = async <Item>(source: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
};
