import { v5 } from 'uuid';
import { archiveOf } from '../domain/archive.js';
import { checkData } from './codec.js';
import { archivedType, type NewEvent, type StoredEvent } from './event-store.js';

/**
 * The copy of an event that a fork inherits, for the fork's archive. Its id comes from the two, so that
 * copying it again adds nothing.
 */
export const toArchived = (
  { id, type, data, stream, position, created, metadata: { base, ...metadata } }: StoredEvent,
  fork: string,
): NewEvent => ({
  id: v5(archiveOf(fork), id),
  type: archivedType,
  data,
  metadata: {
    ...metadata,
    archived: { type, stream, id, position, created, ...(base !== undefined && { base }) },
  },
});

/**
 * An event as it was where it was written, at the revision that it has in the fork as well. Any other
 * event is given back as it is.
 *
 * @throws UndecodableEvent
 */
export const fromArchived = (event: StoredEvent): StoredEvent => {
  const { archived, ...metadata } = event.metadata;
  if (!archived) return event;
  const { base, ...written } = archived;
  checkData({ ...written, data: event.data });
  const { data, revision, size } = event;
  return {
    ...written,
    data,
    revision,
    size,
    metadata: base === undefined ? metadata : { ...metadata, base },
  };
};
