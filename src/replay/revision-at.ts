import type { StoredEvent } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';

/**
 * The last revision of a stream as of a moment, inclusive; `none` when nothing had happened by then.
 * Where a store's clock was set back, one of the revisions that answer the question is found.
 *
 * @param moment milliseconds since 1970
 */
export const revisionAt = (
  streams: Streams,
  stream: string,
  moment: number,
): Promise<number | 'none'> =>
  lastRevisionOf(streams, stream, ({ created }) => Date.parse(created) <= moment);

/**
 * The last revision of a stream whose event satisfies a condition; `none` when no event does. The
 * condition must be true of all events up to some revision and false of all after it, as "happened by
 * noon" is. Found by binary search: reads one event for each doubling of the stream's length.
 *
 * @param holds the condition
 */
export const lastRevisionOf = async (
  streams: Streams,
  stream: string,
  holds: (event: StoredEvent) => boolean,
): Promise<number | 'none'> => {
  const head = await only(streams.read(stream, { direction: 'backwards', limit: 1 }));
  if (!head) return 'none';
  if (holds(head)) return head.revision;
  // It holds of `low`, and not of `high`.
  let low = -1;
  let high = head.revision;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const event = await only(streams.read(stream, { from: middle, limit: 1 }));
    if (event && holds(event)) low = middle;
    else high = middle;
  }
  return low < 0 ? 'none' : low;
};

const only = async (events: AsyncIterable<StoredEvent>): Promise<StoredEvent | undefined> => {
  for await (const event of events) return event;
  return undefined;
};
