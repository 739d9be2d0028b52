import { trace } from '@opentelemetry/api';
import type { Claims } from '../claiming/claims.js';
import type { Instruments } from './instruments.js';
import { traceparentOf } from './tracing.js';

/** The same claims, with what they hand out counted. */
export const measuredClaims = (
  claims: Claims,
  { claims: asked, claimedTasks }: Instruments,
): Claims => ({
  ...claims,
  claim: async (wanted, request) => {
    let outcome = 'failed';
    // A task that comes while this waits is claimed within the trace of its submission.
    const span = trace.getActiveSpan();
    const traceparent = (span && traceparentOf(span)) ?? request.traceparent;
    const traced = traceparent === undefined ? request : { ...request, traceparent };
    try {
      const tasks = await claims.claim(wanted, traced);
      outcome = tasks.length > 0 ? 'served' : 'empty';
      claimedTasks.inc(tasks.length);
      return tasks;
    } finally {
      asked.inc({ outcome });
    }
  },
});
