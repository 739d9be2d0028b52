import { parseMetadata } from '../storage/stream-settings.js';
import type { Consumer } from './consumer.js';
import { eventOf, type Message } from './message.js';

/** Chooses who gets a message. */
export type Strategy = Readonly<{
  /** @returns undefined when nobody can take it now */
  choose: (message: Message, consumers: readonly Consumer[]) => Consumer | undefined;
  /** Whether a message that waits for its consumer lets the ones behind it pass. */
  canSkip: boolean;
}>;

const buckets = 1_024;

/**
 * The strategy of a name, new for one group: it remembers whom it gave what.
 *
 * @param name one of `strategies`
 */
export const strategyOf = (name: string): Strategy => {
  switch (name) {
    case 'DispatchToSingle':
      return { choose: (_, consumers) => consumers.find(hasRoom), canSkip: false };
    case 'Pinned':
      return pinned(sourceStream);
    case 'PinnedByCorrelation':
      return pinned((message) => correlationOf(message) ?? sourceStream(message));
    default:
      return roundRobin();
  }
};

const hasRoom = (consumer: Consumer) => consumer.freeSlots > 0;

const roundRobin = (): Strategy => {
  let last: Consumer | undefined;
  return {
    canSkip: false,
    choose: (_, consumers) => {
      const start = last ? consumers.indexOf(last) + 1 : 0;
      const order = [...consumers.slice(start), ...consumers.slice(0, start)];
      const chosen = order.find(hasRoom);
      if (chosen) last = chosen;
      return chosen;
    },
  };
};

// A bucket keeps its consumer while that is connected, and then goes to the one with the fewest.
const pinned = (keyOf: (message: Message) => string): Strategy => {
  const owners = new Map<number, Consumer>();
  return {
    canSkip: true,
    choose: (message, consumers) => {
      const bucket = hash(keyOf(message)) % buckets;
      let owner = owners.get(bucket);
      if (!owner || !consumers.includes(owner)) {
        owner = leastLoaded(owners, consumers);
        if (!owner) return undefined;
        owners.set(bucket, owner);
      }
      return hasRoom(owner) ? owner : undefined;
    },
  };
};

const leastLoaded = (owners: ReadonlyMap<number, Consumer>, consumers: readonly Consumer[]) => {
  const load = new Map(consumers.map((consumer) => [consumer, 0]));
  for (const owner of owners.values()) {
    const count = load.get(owner);
    if (count !== undefined) load.set(owner, count + 1);
  }
  return [...load].sort(([, a], [, b]) => a - b)[0]?.[0];
};

const sourceStream = (message: Message): string => (eventOf(message) ?? message.entry).stream;

const correlationOf = (message: Message): string | undefined => {
  const metadata = parseMetadata((eventOf(message) ?? message.entry).customMetadata);
  const id = metadata?.$correlationId;
  return typeof id === 'string' ? id : undefined;
};

/** FNV-1a. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
};
