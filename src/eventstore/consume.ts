import {
  type AllStreamResolvedEvent,
  END,
  ErrorType,
  type EventStoreDBClient,
  eventTypeFilter,
  isCommandError,
  PINNED,
  persistentSubscriptionToAllSettingsFromDefaults,
  type ResolvedEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { decodeAny } from './codec.js';
import {
  type ConsumeOptions,
  type Consumption,
  type Delivery,
  type GroupOptions,
  StoreUnavailable,
} from './event-store.js';
import { fail } from './failures.js';

/** The largest number that the protocol has room for. Milliseconds: 24 days. */
const most = 2 ** 31 - 1;

/** Joins a group of consumers of $all, as {@link EventStore.consume} says. */
export const consume = (
  client: EventStoreDBClient,
  group: string,
  options: ConsumeOptions,
): Consumption => {
  let closed = false;
  let leave = (): void => {};
  async function* deliveries(): AsyncGenerator<Delivery> {
    try {
      await ensure(client, group, options);
      if (closed) return;
      const subscription = client.subscribeToPersistentSubscriptionToAll(group, {
        bufferSize: options.inFlight,
      });
      // As for any subscription: an error nobody listens for would end the process.
      subscription.on('error', (error) => subscription.destroy(error));
      let handled: ResolvedEvent[] = [];
      // An acknowledgement that is lost shows as the loss of the connection.
      const acknowledge = () => {
        if (handled.length > 0) subscription.ack(...handled).catch(() => {});
        handled = [];
      };
      leave = () => {
        acknowledge();
        const ended = () => subscription.destroy();
        subscription.unsubscribe().then(ended, ended);
      };
      for await (const resolved of subscription) {
        const { event } = resolved as AllStreamResolvedEvent;
        // Those of one turn of the event loop go in one message.
        const ack = () => {
          handled.push(resolved);
          if (handled.length === 1) setImmediate(acknowledge);
        };
        if (event) yield { event: decodeAny(event), ack };
        else ack();
      }
      if (!closed) throw new StoreUnavailable('the subscription ended');
    } catch (error) {
      if (!closed) fail(error, '$all');
    } finally {
      leave();
    }
  }
  return {
    [Symbol.asyncIterator]: deliveries,
    close: () => {
      closed = true;
      leave();
    },
  };
};

/** Makes a group, as {@link EventStore.makeGroup} says. */
export const makeGroup = (
  client: EventStoreDBClient,
  group: string,
  options: GroupOptions,
): Promise<void> => ensure(client, group, options).catch((error) => fail(error, '$all'));

/** Looks for a group, as {@link EventStore.hasGroup} says. */
export const hasGroup = async (client: EventStoreDBClient, group: string): Promise<boolean> => {
  try {
    await client.getPersistentSubscriptionToAllInfo(group);
    return true;
  } catch (error) {
    const isMissing =
      error instanceof Error &&
      isCommandError(error) &&
      error.type === ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST;
    return isMissing ? false : fail(error, '$all');
  }
};

/** Makes the group if it is not there, as one of several that do so at once. */
const ensure = async (
  client: EventStoreDBClient,
  group: string,
  { categories, types, from, together }: GroupOptions,
): Promise<void> => {
  const settings = persistentSubscriptionToAllSettingsFromDefaults({
    startFrom: from === 'start' ? START : END,
    consumerStrategyName: together === 'stream' ? PINNED : 'PinnedByCorrelation',
    // The store is to take nothing back from a consumer that is slow, only from one that is gone:
    // else the same event would be handled twice at the same time. Nor is it to put events aside by itself.
    messageTimeout: most,
    maxRetryCount: most,
    checkPointLowerBound: 1,
  });
  // The store filters by one of the two, and types leave out more.
  const filter =
    categories && !types
      ? streamNameFilter({ prefixes: categories.map((category) => `${category}-`) })
      : eventTypeFilter({ regex: types ? `^(${types.join('|')})$` : '^[^$]' });
  try {
    await client.createPersistentSubscriptionToAll(group, settings, { filter });
  } catch (error) {
    const isThere =
      error instanceof Error &&
      isCommandError(error) &&
      error.type === ErrorType.PERSISTENT_SUBSCRIPTION_EXISTS;
    if (!isThere) throw error;
  }
};
