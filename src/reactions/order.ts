import { inLanes } from '../commands/lanes.js';
import { type StoredEvent, unreadableType } from '../eventstore/event-store.js';
import { keyLane, streamLane } from '../projecting/parked-documents.js';
import type { Reaction } from './reaction.js';

/**
 * Runs work on events of the same key one at a time, in the order it came. An event whose key cannot
 * be told may have any: those behind it in its stream wait until it is settled.
 */
export const orderedFor = (reaction: Reaction) => {
  const inLane = inLanes();
  const keyless = new Map<string, Promise<void>>();

  return (event: StoredEvent, work: () => Promise<void>): Promise<void> => {
    const { stream } = event;
    const key = keyOf(reaction, event);
    const before = keyless.get(stream);
    const done = inLane(key === undefined ? streamLane(stream) : keyLane(key), async () => {
      await before;
      await work();
    });
    if (key === undefined) {
      const settled = done.catch(() => {});
      keyless.set(stream, settled);
      void settled.then(() => {
        if (keyless.get(stream) === settled) keyless.delete(stream);
      });
    }
    return done;
  };
};

/** Undefined where it cannot be told. */
const keyOf = ({ key }: Reaction, event: StoredEvent): string | undefined => {
  if (!key) return event.stream;
  if (event.type === unreadableType) return undefined;
  try {
    return key(event);
  } catch {
    return undefined;
  }
};
