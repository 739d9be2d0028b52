import type { Consumer, ParkedEvent } from '../projecting/parked-documents.js';
import type { Collections } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';

/** A parked event as operators see it. */
export type ParkedEventView = Readonly<{
  id: string;
  /** What waits with it: events of this key, or of this stream where the key of one cannot be told. */
  key: string;
  stream: string;
  revision: number;
  position: string;
  type: string;
  /** Why it failed; null for one that waits behind another. */
  error: string | null;
  attempts: number;
  parkedAt: string;
}>;

const parkedBy = ({ kind, name }: Consumer) => ({ kind, name, state: 'parked' as const });

/** How many events a consumer has parked. */
export const countParked = ({ parked }: Collections, consumer: Consumer): Promise<number> =>
  parked.countDocuments(parkedBy(consumer));

/** A consumer's parked events, oldest first. @throws BadCursor */
export const listParked = async (
  { parked }: Collections,
  consumer: Consumer,
  { cursor, limit }: Readonly<{ cursor?: string; limit: number }>,
): Promise<Page<ParkedEventView>> => {
  const [after] = cursor === undefined ? [] : fromCursor(cursor, ['number']);
  const read = await parked
    .find({
      ...parkedBy(consumer),
      ...(after !== undefined && { position: { $gt: Number(after) } }),
    })
    .sort({ position: 1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ position }) => [position], viewOf);
};

const viewOf = (event: ParkedEvent): ParkedEventView => {
  const { eventId, lane, stream, revision, position, type, error, attempts, parkedAt } = event;
  const key = lane.slice(lane.indexOf(':') + 1);
  return {
    id: eventId,
    key,
    stream,
    revision,
    position: String(position),
    type,
    error,
    attempts,
    parkedAt,
  };
};
