import { archiveOf } from '../domain/archive.js';
import { jsonBytes } from '../domain/json.js';
import { toArchived } from '../eventstore/archived.js';
import { type EventStore, type NewEvent, RevisionConflict } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';

/** So many events are appended at a time at most, and so many bytes of data: half of what a store takes at once. */
const mostEvents = 500;
const mostBytes = 512 * 1024;

type Stores = Readonly<{ store: EventStore; streams: Streams }>;

/**
 * Copies what a fork inherits into its archive. What is there already stays: cut off, it goes on from
 * there, and any number of nodes may do it at once. Holds a batch of events in memory, however many there are.
 *
 * @param base revision of the fork's first own event
 * @returns the position of the last copy
 * @throws StreamTombstoned when the fork, or what it inherits from, was deleted for good meanwhile
 */
export const copyInherited = async (
  stores: Stores,
  fork: string,
  base: number,
): Promise<number> => {
  for (;;) {
    const newest = stores.store.read(archiveOf(fork), { direction: 'backwards', limit: 1 });
    let next = 0;
    for await (const { revision, position } of newest) {
      if (revision + 1 >= base) return position;
      next = revision + 1;
    }
    try {
      return await copyFrom(stores, fork, next, base - 1);
    } catch (error) {
      // Somebody else copies too: what is there by now is the same.
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
};

const copyFrom = async (
  { store, streams }: Stores,
  fork: string,
  from: number,
  through: number,
): Promise<number> => {
  let [next, bytes, position] = [from, 0, 0];
  let batch: NewEvent[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const expected = next === 0 ? 'none' : next - 1;
    ({ position } = await store.append(archiveOf(fork), batch, expected));
    next += batch.length;
    [batch, bytes] = [[], 0];
  };
  for await (const event of streams.read(fork, { from, through })) {
    if (event.revision !== next + batch.length)
      throw new Error(`${fork} lacks revision ${next + batch.length}`);
    const size = jsonBytes(event.data);
    if (batch.length === mostEvents || bytes + size > mostBytes) await flush();
    batch.push(toArchived(event, fork));
    bytes += size;
  }
  await flush();
  if (next <= through) throw new Error(`${fork} lacks revision ${next}`);
  return position;
};
