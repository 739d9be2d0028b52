import { archiveOf, forkOfArchive } from '../domain/archive.js';
import {
  type EventStore,
  type StoredEvent,
  StreamTombstoned,
  tombstoneType,
} from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';

/**
 * Tells a node's memory of lineage about streams that were detached or deleted, as their events go by.
 * Without it a node would find out only when a read fails: a detached fork has its past in its archive.
 */
export const noteLineage =
  (streams: Streams) =>
  ({ type, stream }: StoredEvent): void => {
    if (type === 'StreamDetached') streams.noteDetached([stream]);
    if (type === tombstoneType) streams.noteEnded(stream);
  };

/**
 * Deletes the archive of every stream that was deleted for good. Whoever deletes a stream does so too;
 * this makes up for one who crashed in between, and for copies that were written after.
 */
export const endingArchives =
  (store: EventStore) =>
  async (events: readonly StoredEvent[]): Promise<void> => {
    for (const { type, stream } of events)
      if (type === tombstoneType && forkOfArchive(stream) === undefined)
        await endArchive(store, stream);
  };

/**
 * Deletes for good what was copied into a stream's archive, if anything was.
 *
 * @returns the position of the archive's end, undefined when there is nothing to delete
 */
export const endArchive = async (
  store: EventStore,
  stream: string,
): Promise<number | undefined> => {
  const archive = archiveOf(stream);
  try {
    for await (const _ of store.read(archive, { direction: 'backwards', limit: 1 }))
      return await store.tombstone(archive);
  } catch (error) {
    // It was done before.
    if (!(error instanceof StreamTombstoned)) throw error;
  }
  return undefined;
};
