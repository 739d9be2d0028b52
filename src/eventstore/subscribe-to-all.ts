import type { EventStoreDBClient } from '@eventstore/db-client';
import { type ClientReadableStream, Client as GrpcClient } from '@grpc/grpc-js';
import { decodeAny } from './codec.js';
import {
  type CaughtUp,
  type StoredEvent,
  StoreUnavailable,
  type Subscription,
  tombstoneType,
} from './event-store.js';
import { fail } from './failures.js';
import { readAnswer, subscriptionOf } from './read-messages.js';

const method = '/event_store.client.streams.Streams/Read';

/** User events, and the tombstones of their streams, which are the store's own. */
const wanted = { types: `^([^$]|\\${tombstoneType}$)`, checkpointInterval: 32 };

const caughtUp: CaughtUp = { type: 'caughtUp' };

const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * Follows all streams, on the connection of the store's client. The messages alone are written and read here: as
 * the client does that, it takes as long as all the rest of receiving an event (ADR 60).
 *
 * @returns what {@link EventStore.subscribe} does
 */
export const subscribeToAll = (
  client: EventStoreDBClient,
  after: number | 'start' | 'end',
): Subscription => {
  const request = subscriptionOf({ ...wanted, after });
  const begin = (connection: GrpcClient): ClientReadableStream<Buffer> => {
    // biome-ignore lint/complexity/useLiteralKeys: this form alone is let past `protected`
    const asked = client['callArguments']({}, { deadline: Number.POSITIVE_INFINITY });
    const call = connection.makeServerStreamRequest(method, asIs, asIs, request, ...asked);
    // An error may come before anyone reads: nobody listening, it would end the process. Destroyed
    // by it, the call still has it to tell.
    return call.on('error', (error) => call.destroy(error));
  };
  // biome-ignore lint/complexity/useLiteralKeys: this form alone is let past `protected`
  const calling = client['GRPCStreamCreator'](GrpcClient, 'subscribeToAll', begin)();
  // As with the call: whoever reads is told.
  calling.catch(() => {});
  let closed = false;
  const close = (): void => {
    closed = true;
    calling.then(
      (call) => {
        call.cancel();
        call.destroy();
      },
      () => {},
    );
  };
  async function* events(): AsyncGenerator<StoredEvent | CaughtUp> {
    try {
      for await (const bytes of (await calling).iterator({ destroyOnReturn: false })) {
        const answer = readAnswer(bytes);
        if (answer === 'caughtUp') yield caughtUp;
        else if (answer) yield decodeAny(answer.event);
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
