import { context, SpanKind, type Tracer } from '@opentelemetry/api';
import { groupOf } from '../reactions/group.js';
import type { Reaction } from '../reactions/reaction.js';
import { type Instruments, secondsSince } from './instruments.js';
import { outcomeOf } from './outcome.js';
import { inSpan, parentIn } from './tracing.js';

type Measures = Readonly<{ instruments: Instruments; tracer: Tracer }>;

/** A reaction that does the same, and has each attempt at an event measured, in the trace of what caused the event. */
export const measuredReaction = (
  reaction: Reaction,
  { instruments: { reactionSeconds }, tracer }: Measures,
): Reaction => ({
  ...reaction,
  handle: async (event) => {
    const { name } = reaction;
    const begun = performance.now();
    let outcome = 'done';
    try {
      await inSpan(
        tracer,
        {
          name: `process ${name}`,
          kind: SpanKind.CONSUMER,
          parent: parentIn(context.active(), event.metadata.traceparent),
          attributes: {
            'messaging.system': 'eventstoredb',
            'messaging.operation.type': 'process',
            'messaging.operation.name': 'process',
            'messaging.consumer.group.name': groupOf(reaction).name,
            'messaging.destination.name': event.stream,
            'messaging.message.id': event.id,
            'forkline.event.type': event.type,
          },
        },
        () => reaction.handle(event),
      );
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      reactionSeconds.observe({ reaction: name, outcome }, secondsSince(begun));
    }
  },
});
