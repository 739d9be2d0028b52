import { archiveOf, forkOfArchive } from '../domain/archive.js';
import {
  type EventStore,
  type StoredEvent,
  StreamTombstoned,
  tombstoneType,
} from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';

/**
 * Has a node hear what happens to streams as a whole: forks that are detached read their past elsewhere
 * from then on, and what is deleted for good takes its archive along, also where whoever deleted it, or
 * was about to copy something into it, was cut off.
 */
export const followLineage =
  (store: EventStore, streams: Streams) =>
  async (events: readonly StoredEvent[]): Promise<void> => {
    for (const { type, stream } of events) {
      if (type === 'StreamDetached') streams.noteDetached([stream]);
      if (type !== tombstoneType) continue;
      streams.noteEnded(stream);
      if (forkOfArchive(stream) === undefined) await endArchive(store, stream);
    }
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
