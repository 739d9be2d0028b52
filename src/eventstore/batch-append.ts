import { randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { type ClientDuplexStream, Client as GrpcClient } from '@grpc/grpc-js';
import { type UnderWay, underWay } from '../memory/under-way.js';
import { type BatchAnswer, readAnswer, requestsOf } from './batch-messages.js';
import { toPosition } from './codec.js';
import {
  type Appended,
  AppendTooLarge,
  type EventStore,
  type ExpectedRevision,
  RevisionConflict,
  StoreUnavailable,
  StreamTombstoned,
} from './event-store.js';
import { fail } from './failures.js';

const method = '/event_store.client.streams.Streams/BatchAppend';

/**
 * Until when a server may take an append, from now, in milliseconds. It is sent as a time of day by this
 * machine's clock, and the server compares it with its own: with 10 s, as the client has it by default, a node
 * whose clock is behind by that cannot append at all. The embedded server has limits of its own for
 * how long it tries, whatever is said here.
 */
const deadlineMs = 30 * 24 * 60 * 60 * 1_000;

type Call = ClientDuplexStream<Buffer, Buffer>;

/** An append that has no answer yet. */
type Waiting = Readonly<{
  answered(answer: Readonly<BatchAnswer>): void;
  lost(error: Error): void;
}>;

/**
 * Over how many calls appends go. A call hands over one message in a turn of the event loop, and a server
 * one answer: what is appended at the same time would go there one by one, the first by a flush of its
 * own for which the others wait (ADR 56). EventStoreDB takes 100 calls on a connection, of all kinds.
 */
const callsAtOnce = 16;

/**
 * Appends over a few calls for all, on the connection of the store's client, which finds the nodes of a
 * cluster, knows the credentials and connects again. The messages alone are written and read here: as the client
 * does that, it takes longer than all the rest of an append (ADR 45).
 *
 * @returns what {@link EventStore.append} is
 */
export const batchAppends = (client: EventStoreDBClient): EventStore['append'] => {
  const calls = Array.from({ length: callsAtOnce }, () => appendsOfCall(client));
  return (...asked) => leastBusy(calls).append(...asked);
};

type AppendsOfCall = Readonly<{ append: EventStore['append']; underWay(): number }>;

/** The first of those that have the fewest appends under way. */
const leastBusy = (calls: readonly AppendsOfCall[]): AppendsOfCall =>
  calls.reduce((least, call) => (call.underWay() < least.underWay() ? call : least));

/** Appends over one call, which is begun anew when it has ended. */
const appendsOfCall = (client: EventStoreDBClient): AppendsOfCall => {
  const calls = new WeakMap<GrpcClient, Call>();
  const waitingOn = new WeakMap<Call, UnderWay<string, Waiting>>();
  // Told apart by the last of their five parts, which counts them.
  const prefix = randomUUID().slice(0, 24);
  let count = 0;

  const begin = (connection: GrpcClient): Call => {
    // biome-ignore lint/complexity/useLiteralKeys: this form alone is let past `protected`
    const asked = client['callArguments']({}, { deadline: Number.POSITIVE_INFINITY });
    const call: Call = connection.makeBidiStreamRequest(method, asIs, asIs, ...asked);
    const waiting = underWay<string, Waiting>();
    waitingOn.set(call, waiting);
    const end = (error: Error): void => {
      waitingOn.delete(call);
      for (const { lost } of waiting.values()) lost(error);
    };
    const take = (answer: Readonly<BatchAnswer>): void => {
      const { answered } = waiting.get(answer.correlationId) ?? {};
      waiting.delete(answer.correlationId);
      answered?.(answer);
    };
    return call
      .on('data', (bytes: Buffer) => {
        try {
          take(readAnswer(bytes));
        } catch (error) {
          call.destroy(error as Error);
          call.cancel();
        }
      })
      .on('error', end)
      .on('status', () => {
        end(new StoreUnavailable('the event store ended the call'));
        call.end();
      });
  };
  // What the client's own calls are made of, and the only way to its connection.
  // biome-ignore lint/complexity/useLiteralKeys: this form alone is let past `protected`
  const callUnderWay = client['GRPCStreamCreator'](GrpcClient, 'batchAppend', begin, calls);

  let busy = 0;
  const ask = async (
    ...[stream, events, expected]: Parameters<EventStore['append']>
  ): Promise<Readonly<BatchAnswer>> => {
    busy += 1;
    try {
      const call = await callUnderWay();
      const waiting = waitingOn.get(call);
      if (!waiting) throw new StoreUnavailable('the connection to the event store was lost');
      count += 1;
      const correlationId = `${prefix}${count.toString(16).padStart(12, '0')}`;
      const deadline = Date.now() + deadlineMs;
      const requests = requestsOf({ correlationId, stream, events, expected, deadline });
      return await new Promise((answered, lost) => {
        waiting.set(correlationId, { answered, lost });
        for (const request of requests) call.write(request);
      });
    } catch (error) {
      return fail(error, stream);
    } finally {
      busy -= 1;
    }
  };
  return {
    append: async (stream, events, expected) =>
      appendedIn(await ask(stream, events, expected), { stream, expected, count: events.length }),
    underWay: () => busy,
  };
};

const asIs = (bytes: Buffer): Buffer => bytes;

type Asked = Readonly<{ stream: string; expected: ExpectedRevision; count: number }>;

const appendedIn = (
  { success, failure }: Readonly<BatchAnswer>,
  { stream, expected, count }: Asked,
): Appended => {
  if (success) {
    const { revision, commit, prepare } = success;
    return {
      storeRevision: revision,
      position: toPosition(commit),
      // The embedded store answers where the first event is. Others count bytes, of which an event has
      // more than one, and answer the same place twice.
      isGapless: commit - prepare === count - 1,
    };
  }
  switch (failure?.type) {
    case 'WrongExpectedVersion':
      throw new RevisionConflict(stream, expected);
    case 'StreamDeleted':
      throw new StreamTombstoned(stream);
    case 'MaximumAppendSizeExceeded':
      throw new AppendTooLarge(failure.maxBytes);
    case 'Timeout':
      throw new StoreUnavailable('the event store did not take the events in time');
    default:
      throw new Error(`the event store does not append: ${failure?.message ?? 'no reason given'}`);
  }
};
