import {
  BACKWARDS,
  type EventStoreDBClient,
  FORWARDS,
  type JSONEventType,
  jsonEvent,
  type ResolvedEvent,
} from '@eventstore/db-client';
import fc from 'fast-check';
import type { Expected, Metadata, Outcome } from './model.js';

/** An expectation as generated: an exact one is relative to the end that the model knows. */
export type Expectation = 'any' | 'no_stream' | 'stream_exists' | number;

export type Command = Readonly<{ stream: number }> &
  (
    | Readonly<{ do: 'append'; ids: readonly number[]; expected: Expectation; isClassic: boolean }>
    | Readonly<{ do: 'delete' | 'tombstone'; expected: Exclude<Expectation, 'stream_exists'> }>
    | Readonly<{ do: 'metadata'; metadata: Metadata }>
    | Readonly<{ do: 'read'; from: number; isBackwards: boolean; count: number }>
    | Readonly<{ do: 'subscribe'; from: number | 'start' | 'end' }>
  );

const stream = fc.nat(1);
const exact = fc.integer({ min: -3, max: 1 });
const expectation = fc.oneof(
  fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const),
  exact,
);
const place = fc.nat(12);
// Few ids, so that requests meet events that are there already.
const ids = fc.array(fc.nat(5), { maxLength: 4 });

/** Any sequence of what a client can do to two streams. */
export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        stream,
        ids,
        expected: expectation,
        isClassic: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('delete' as const),
        stream,
        expected: fc.oneof(fc.constantFrom('any' as const, 'no_stream' as const), exact),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('tombstone' as const),
        stream,
        expected: fc.oneof(fc.constantFrom('any' as const, 'no_stream' as const), exact),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('metadata' as const),
        stream,
        metadata: fc.record(
          { maxCount: fc.integer({ min: 1, max: 5 }), truncateBefore: fc.nat(8) },
          { requiredKeys: [] },
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        stream,
        from: place,
        isBackwards: fc.boolean(),
        count: fc.integer({ min: 1, max: 8 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('subscribe' as const),
        stream,
        from: fc.oneof(place, fc.constantFrom('start' as const, 'end' as const)),
      }),
    },
  ),
  { maxLength: 18 },
);

const uuid = (id: number) => `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;

/** The model's number for an event. */
const idOf = ({ event }: ResolvedEvent<JSONEventType>): number => Number(event?.id.slice(-12));

const outcomeOf = async (call: () => Promise<Outcome>): Promise<Outcome> => {
  try {
    return await call();
  } catch (error) {
    const { type, actualVersion } = error as { type?: string; actualVersion?: unknown };
    if (type === undefined || type === 'unknown') throw error;
    if (type !== 'wrong-expected-version') return { error: type };
    return { error: type, actual: actualVersion === 'no_stream' ? -1 : Number(actualVersion) };
  }
};

/** Does through the client what a command says, but for subscriptions. */
export const perform = (
  client: EventStoreDBClient,
  name: string,
  command: Exclude<Command, { do: 'subscribe' }>,
  expectedRevision: Expected,
): Promise<Outcome> =>
  outcomeOf(async () => {
    switch (command.do) {
      case 'append': {
        const proposed = command.ids.map((id) =>
          jsonEvent({ id: uuid(id), type: 'Modelled', data: { id } }),
        );
        const { nextExpectedRevision } = await client.appendToStream(name, proposed, {
          expectedRevision,
          ...(command.isClassic && { credentials: { username: 'a', password: 'b' } }),
        });
        return { last: Number(nextExpectedRevision) };
      }
      case 'delete':
        await client.deleteStream(name, {
          expectedRevision: expectedRevision as Exclude<Expected, 'stream_exists'>,
        });
        return { last: 0 };
      case 'tombstone':
        await client.tombstoneStream(name, {
          expectedRevision: expectedRevision as Exclude<Expected, 'stream_exists'>,
        });
        return { last: 0 };
      case 'metadata':
        await client.setStreamMetadata(name, command.metadata);
        return { last: 0 };
      case 'read': {
        const read: ResolvedEvent<JSONEventType>[] = [];
        const options = {
          fromRevision: BigInt(command.from),
          direction: command.isBackwards ? BACKWARDS : FORWARDS,
          maxCount: command.count,
        } as const;
        for await (const resolved of client.readStream(name, options)) read.push(resolved);
        return {
          ids: read.map(idOf),
          revisions: read.map(({ event }) => Number(event?.revision)),
        };
      }
    }
  });
