import { v4 as newId } from 'uuid';
import type { EventMetadata, EventStore, NewEvent } from '../../../src/eventstore/event-store.js';

export const metadataOf = (ownerId: string, correlationId: string): EventMetadata => ({
  $correlationId: correlationId,
  $causationId: '0190a000-0000-7000-8000-000000000001',
  commandId: '0190a000-0000-7000-8000-000000000001',
  userId: ownerId,
  ownerId,
  requestId: 'request-1',
  schemaVersion: 1,
});

export type Owned = Readonly<{
  /** Ann by default. */
  owner?: string;
  /** What the event belongs to; the stream's own id by default. */
  correlationId?: string;
}>;

/** An event of a type that the store's codec lets pass as it is. */
export const counted = (n: number, stream: string, owned: Owned = {}): NewEvent =>
  eventOf('Counted', { n }, stream, owned);

export const eventOf = (
  type: string,
  data: object,
  stream: string,
  { owner = 'ann', correlationId }: Owned = {},
): NewEvent => ({
  id: newId(),
  type,
  data,
  metadata: metadataOf(owner, correlationId ?? idOf(stream)),
});

const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

let streams = 0;

/** A stream name that no other test of the process uses. */
export const freshStream = (category = 'session'): string => `${category}-${streams++}`;

/** Writes events of one stream, counting on from `first`, with so many in each append. */
export const write = async (
  store: EventStore,
  stream: string,
  count: number,
  { first = 0, atOnce = 50, ...owned }: Owned & { first?: number; atOnce?: number } = {},
): Promise<number> => {
  let position = 0;
  for (let n = first; n < first + count; n += atOnce) {
    const size = Math.min(atOnce, first + count - n);
    const events = Array.from({ length: size }, (_, index) => counted(n + index, stream, owned));
    ({ position } = await store.append(stream, events, n === 0 ? 'none' : n - 1));
  }
  return position;
};

/** The numbers that counted events have as data. */
export const numbers = (events: readonly Readonly<{ data: unknown }>[]): readonly unknown[] =>
  events.map(({ data }) => (data as { n?: number }).n);

export const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n);
