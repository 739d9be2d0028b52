import { defaults, type EventStoreOptions } from '../options.js';
import { Changes } from './changes.js';
import { DiskSpace } from './disk-space.js';
import { EventIndex } from './event-index.js';
import { EventLog } from './event-log.js';
import { writeFirstEvents } from './first-events.js';
import { Reader } from './reader.js';
import { Scavenger } from './scavenge.js';
import { Writer } from './writer.js';

/** An open event store: what reads, what writes, and what tells of new events. */
export type Store = Readonly<{
  reader: Reader;
  writer: Writer;
  changes: Changes;
  scavenger: Scavenger;
  /** Finishes the commit under way and closes the files. */
  close(): Promise<void>;
}>;

/**
 * Opens the store in a folder, which nobody else may have open.
 *
 * @throws DiskFull, or what the file system said, when a new store cannot be begun
 */
export const openStore = async (
  folder: string,
  {
    diskReserve = defaults.diskReserve,
    commitTimeout = defaults.commitTimeout,
  }: Pick<EventStoreOptions, 'diskReserve' | 'commitTimeout'> = {},
): Promise<Store> => {
  const log = new EventLog(folder);
  const index = new EventIndex(folder, log);
  const changes = new Changes();
  const disk = new DiskSpace(folder, diskReserve);
  const writer = new Writer(log, index, changes, disk, commitTimeout);
  const reader = new Reader(log, index);
  const scavenger = new Scavenger(log, index, reader);
  const close = async () => {
    await scavenger.close();
    await writer.close();
    await index.close();
    await log.close();
  };
  try {
    if (log.lastPosition === 0) await writeFirstEvents(writer);
  } catch (error) {
    await close();
    throw error;
  }
  return { reader, writer, changes, scavenger, close };
};
