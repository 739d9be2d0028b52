import {
  BACKWARDS,
  END,
  ErrorType,
  EventStoreDBClient,
  eventTypeFilter,
  FORWARDS,
  isCommandError,
  type ReadPosition,
  type ReadRevision,
  type ResolvedEvent,
  START,
  type StreamingRead,
} from '@eventstore/db-client';
import { batchAppends } from './batch-append.js';
import { decode, decodeAny, toPosition } from './codec.js';
import { consume, hasGroup, makeGroup } from './consume.js';
import {
  type CaughtUp,
  type EventStore,
  type ReadOptions,
  type StoredEvent,
  StoreUnavailable,
  type Subscription,
  tombstoneType,
} from './event-store.js';
import { fail } from './failures.js';

/** User events, and the tombstones of their streams, which are the store's own. */
const userEvents = eventTypeFilter({
  regex: `^([^$]|\\${tombstoneType}$)`,
  checkpointInterval: 32,
});

const fewEvents = 8;

const isUserEvent = (type: string): boolean => !type.startsWith('$') || type === tombstoneType;

const caughtUp: CaughtUp = { type: 'caughtUp' };

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
    subscribe: (after) => subscribe(client, after),
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

const subscribe = (client: EventStoreDBClient, after: number | 'start' | 'end'): Subscription => {
  const fromPosition: ReadPosition =
    after === 'start'
      ? START
      : after === 'end'
        ? END
        : { commit: BigInt(after), prepare: BigInt(after) };
  const subscription = client.subscribeToAll({ fromPosition, filter: userEvents });
  // The client tells of catching up by an event that overtakes what waits to be read: put in the
  // queue itself, it keeps its place among the others.
  subscription.on('caughtUp', () => subscription.push(caughtUp));
  // An error may come before anyone reads: nobody listening, it would end the process. Destroyed
  // by it, the subscription still has it to tell.
  subscription.on('error', (error) => subscription.destroy(error));
  let closed = false;
  const close = (): void => {
    closed = true;
    const ended = () => subscription.destroy();
    subscription.unsubscribe().then(ended, ended);
  };
  async function* events(): AsyncGenerator<StoredEvent | CaughtUp> {
    try {
      for await (const item of subscription) {
        if ((item as unknown) === caughtUp) yield caughtUp;
        else if (item.event) yield decodeAny(item.event);
      }
      if (!closed) throw new StoreUnavailable('the subscription ended');
    } catch (error) {
      if (!closed) fail(error, '$all');
    } finally {
      close();
    }
  }
  return { [Symbol.asyncIterator]: events, close };
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
