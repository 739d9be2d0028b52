import { type Link, ROOT_CONTEXT, SpanKind, type Tracer } from '@opentelemetry/api';
import type { StoredEvent } from '../eventstore/event-store.js';
import { type Instruments, secondsSince } from './instruments.js';
import { outcomeOf } from './outcome.js';
import { inSpan, parentIn, spanContextIn } from './tracing.js';

type Measures = Readonly<{ instruments: Instruments; tracer: Tracer }>;

/** As many links as an SDK keeps of a span. */
const mostLinks = 128;

/**
 * Measures the folding of batches. A batch is linked to what caused its events, as the semantic
 * conventions for messaging have it; if that is one thing alone, the batch is a part of its trace.
 */
export const measuredBatches =
  ({ instruments: { batchSeconds, batchEvents }, tracer }: Measures) =>
  async (events: readonly StoredEvent[], fold: () => Promise<void>): Promise<void> => {
    const causes = new Set<string>();
    for (const { metadata } of events) {
      if (metadata.traceparent !== undefined) causes.add(metadata.traceparent);
      if (causes.size >= mostLinks) break;
    }
    const [only] = causes.size === 1 ? causes : [];
    const links = [...causes].flatMap((cause): Link[] => {
      const spanContext = spanContextIn(cause);
      return spanContext ? [{ context: spanContext }] : [];
    });
    const begun = performance.now();
    let outcome = 'done';
    try {
      await inSpan(
        tracer,
        {
          name: 'process projections',
          kind: SpanKind.CONSUMER,
          parent: parentIn(ROOT_CONTEXT, only),
          links,
          attributes: {
            'messaging.system': 'eventstoredb',
            'messaging.operation.type': 'process',
            'messaging.operation.name': 'process',
            'messaging.destination.name': '$all',
            'messaging.batch.message_count': events.length,
          },
        },
        fold,
      );
      batchEvents.inc(events.length);
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      batchSeconds.observe({ outcome }, secondsSince(begun));
    }
  };
