import { archiveOf, forkOfArchive } from '../domain/archive.js';
import {
  type EventStore,
  type StoredEvent,
  StreamTombstoned,
  tombstoneType,
} from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';

/**
 * Has a node hear at once of what it would find out later: forks that are detached read their past
 * elsewhere from then on.
 */
export const noteLineage =
  (streams: Streams) =>
  ({ type, stream }: StoredEvent): void => {
    if (type === 'StreamDetached') streams.noteDetached([stream]);
    if (type === tombstoneType) streams.noteEnded(stream);
  };

/**
 * Has what is deleted for good take its archive along, also where whoever deleted it, or was about to
 * copy something into it, was cut off.
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
