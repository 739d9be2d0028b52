import {
  BACKWARDS,
  END,
  ErrorType,
  EventStoreDBClient,
  FORWARDS,
  isCommandError,
  type ReadRevision,
  type ResolvedEvent,
  START,
  type StreamingRead,
} from '@eventstore/db-client';
import { batchAppends } from './batch-append.js';
import { decode, toPosition } from './codec.js';
import { consume, hasGroup, makeGroup } from './consume.js';
import {
  type EventStore,
  type ReadOptions,
  type StoredEvent,
  tombstoneType,
} from './event-store.js';
import { fail } from './failures.js';
import { subscribeToAll } from './subscribe-to-all.js';

const fewEvents = 8;

const isUserEvent = (type: string): boolean => !type.startsWith('$') || type === tombstoneType;

/**
 * Connects to an EventStoreDB or KurrentDB. The connection is made by the first call: this one never
 * fails for a server that is away.
 *
 * @param url a connection string, `esdb://…` or `esdb+discover://…`, for KurrentDB as well
 */
export const connectEventStore = (url: string): EventStore => {
  const client = EventStoreDBClient.connectionString(url);
  return {
    append: batchAppends(client),
    read: (stream, options) => read(client, stream, options ?? {}),
    subscribe: (after) => subscribeToAll(client, after),
    consume: (group, options) => consume(client, group, options),
    makeGroup: (group, options) => makeGroup(client, group, options),
    hasGroup: (group) => hasGroup(client, group),
    head: () => head(client),
    tombstone: async (stream) => {
      const { position } = await client
        .tombstoneStream(stream)
        .catch((error) => fail(error, stream));
      return toPosition(position?.commit ?? 0n);
    },
    close: () => client.dispose(),
  };
};

async function* read(
  client: EventStoreDBClient,
  stream: string,
  { from, direction = 'forwards', limit }: ReadOptions,
): AsyncGenerator<StoredEvent> {
  const forwards = direction === 'forwards';
  const fromRevision: ReadRevision = from === undefined ? (forwards ? START : END) : BigInt(from);
  const events = client.readStream(stream, {
    fromRevision,
    direction: forwards ? FORWARDS : BACKWARDS,
    ...(limit !== undefined && { maxCount: limit }),
  });
  // An iterator that destroys the stream would cut it off from its call, which then stays open for good.
  const resolved: AsyncIterable<ResolvedEvent> = events.iterator({ destroyOnReturn: false });
  // Few events are read to the end before the first is given: who wants no more than that one would
  // leave a call to be cancelled, and servers cut connections off that cancel many.
  const few: StoredEvent[] | undefined = (limit ?? fewEvents + 1) <= fewEvents ? [] : undefined;
  let isAtEnd = false;
  try {
    for await (const { event } of resolved) {
      if (!event) continue;
      if (few) few.push(decode(event));
      else yield decode(event);
    }
    isAtEnd = true;
  } catch (error) {
    if (error instanceof Error && isCommandError(error)) {
      // A call that failed has ended: there is nothing to cancel.
      isAtEnd = true;
      if (error.type === ErrorType.STREAM_NOT_FOUND) return;
    }
    fail(error, stream);
  } finally {
    if (!isAtEnd) abandon(events);
  }
  if (few) yield* few;
}

/** Ends a read whose rest nobody wants: the call is cancelled, and what was already received is let go. */
const abandon = (events: StreamingRead<ResolvedEvent>): void => {
  events.on('error', () => {});
  events.cancel().catch(() => {});
  events.resume();
};

const head = async (client: EventStoreDBClient): Promise<number> => {
  try {
    // Behind the newest user event there may be events of the store's own, seldom more than a few.
    for (let count = 1; ; count *= 32) {
      const newest = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: count });
      let read = 0;
      let found: number | undefined;
      // Read to its end, though one event is wanted: what stops short leaves the call open.
      for await (const { event } of newest) {
        read += 1;
        if (event && isUserEvent(event.type)) found ??= toPosition(event.position.commit);
      }
      if (found !== undefined || read < count) return found ?? 0;
    }
  } catch (error) {
    return fail(error, '$all');
  }
};
