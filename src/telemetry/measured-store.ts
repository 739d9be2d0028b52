import { SpanKind, type Tracer } from '@opentelemetry/api';
import { parseStream } from '../domain/deciders.js';
import { type EventStore, RevisionConflict, type StoredEvent } from '../eventstore/event-store.js';
import { type Instruments, secondsSince } from './instruments.js';
import { outcomeOf } from './outcome.js';
import type { Races } from './races.js';
import { inSpan, markFailed, parentOf } from './tracing.js';

type Measures = Readonly<{ instruments: Instruments; tracer: Tracer; races: Races }>;

type Operation = 'append' | 'read' | 'head' | 'tombstone';

/** The same event store, with its calls counted and timed. */
export const measuredStore = (
  store: EventStore,
  { instruments: { storeSeconds, storeEvents }, tracer, races }: Measures,
): EventStore => {
  const measured = async <Result>(
    operation: Operation,
    work: () => Promise<Result>,
  ): Promise<Result> => {
    const begun = performance.now();
    try {
      const result = await work();
      storeSeconds.observe({ operation, outcome: 'done' }, secondsSince(begun));
      return result;
    } catch (error) {
      storeSeconds.observe({ operation, outcome: outcomeOf(error) }, secondsSince(begun));
      throw error;
    }
  };

  /** What is waited for is measured, not what the reader does with an event before it asks for the next. */
  async function* read(stream: string, events: AsyncIterable<StoredEvent>) {
    const span = tracer.startSpan(`read ${categoryOf(stream)}`, spanOf('read', stream));
    const iterator = events[Symbol.asyncIterator]();
    let waitedMs = 0;
    let count = 0;
    let outcome = 'done';
    try {
      for (;;) {
        const asked = performance.now();
        const { done, value } = await iterator.next();
        waitedMs += performance.now() - asked;
        if (done) return;
        count += 1;
        yield value;
      }
    } catch (error) {
      outcome = outcomeOf(error);
      markFailed(span, error);
      throw error;
    } finally {
      await iterator.return?.();
      storeSeconds.observe({ operation: 'read', outcome }, waitedMs / 1000);
      if (count > 0) storeEvents.inc({ operation: 'read' }, count);
      span.setAttribute('db.response.returned_rows', count);
      span.end();
    }
  }

  return {
    ...store,
    append: (stream, events, expected) =>
      measured('append', async () => {
        const name = `append ${categoryOf(stream)}`;
        const { traceparent, commandId } = events[0]?.metadata ?? {};
        const options = spanOf('append', stream, { 'db.operation.batch.size': events.length });
        try {
          const appended = await inSpan(
            tracer,
            { name, parent: parentOf(traceparent), ...options },
            () => store.append(stream, events, expected),
          );
          storeEvents.inc({ operation: 'append' }, events.length);
          return appended;
        } catch (error) {
          if (error instanceof RevisionConflict && commandId !== undefined) races.lost(commandId);
          throw error;
        }
      }),
    read: (stream, options) => read(stream, store.read(stream, options)),
    head: () => measured('head', () => store.head()),
    tombstone: (stream) => measured('tombstone', () => store.tombstone(stream)),
  };
};

const categoryOf = (stream: string): string => parseStream(stream)?.category ?? 'other';

/** Attributes as the semantic conventions for database clients name them. */
const spanOf = (operation: Operation, stream: string, more: Record<string, number> = {}) => ({
  kind: SpanKind.CLIENT,
  attributes: {
    'db.system.name': 'eventstoredb',
    'db.operation.name': operation,
    'db.collection.name': stream,
    ...more,
  },
});
