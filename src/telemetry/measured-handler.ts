import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { BaselineHandler } from '../commands/handle.js';
import { isRejection } from '../domain/decider.js';
import { type Instruments, secondsSince } from './instruments.js';
import { measuredFollowUp } from './measured-follow-up.js';
import { type Outcome, outcomeOf } from './outcome.js';
import type { Races } from './races.js';
import { inSpan, parentOf, traceparentOf } from './tracing.js';

type Measures = Readonly<{
  instruments: Instruments;
  tracer: Tracer;
  races: Races;
  log: Logger;
  /** How long a command may take before it is logged as slow. */
  slowSeconds: number;
}>;

/**
 * A handler that does the same, and has what it does measured. Commands that are carried out together
 * are counted each, and timed under the name of the first. The events that they add carry the command's
 * span as their trace context.
 */
export const measuredHandler =
  <Command extends Readonly<{ type: string }>, Reason, State>(
    category: string,
    handler: BaselineHandler<Command, Reason, State>,
    { instruments, tracer, races, log, slowSeconds }: Measures,
  ): BaselineHandler<Command, Reason, State> =>
  async (id, commands, request, at, followUp) => {
    const command = commands[0]?.type ?? 'none';
    const stream = `${category}-${id}`;
    const next = followUp && measuredFollowUp(stream, followUp, { instruments, tracer });
    const { commandId, requestId } = request;
    const begun = performance.now();
    let outcome: Outcome = 'failed';
    try {
      return await inSpan(
        tracer,
        {
          name: `command ${command}`,
          parent: parentOf(request.traceparent),
          attributes: { 'forkline.command': command, 'forkline.stream': stream },
        },
        async (span) => {
          const traceparent = traceparentOf(span) ?? request.traceparent;
          const traced = traceparent === undefined ? request : { ...request, traceparent };
          const result = await handler(id, commands, traced, at, next);
          outcome = isRejection(result) ? 'rejected' : 'done';
          if (isRejection(result)) span.setAttribute('forkline.rejection', String(result.rejected));
          else span.setAttribute('forkline.events.added', result.added);
          return result;
        },
      );
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      const seconds = secondsSince(begun);
      const lost = races.settle(commandId);
      for (const { type } of commands) instruments.commands.inc({ command: type, outcome });
      instruments.commandSeconds.observe({ command }, seconds);
      if (lost > 0) instruments.commandRetries.inc({ command }, lost);
      if (seconds > slowSeconds)
        log.warn(
          {
            command,
            stream,
            outcome,
            requestId,
            durationMs: Math.round(seconds * 1000),
            racesLost: lost,
          },
          'a command was slow',
        );
    }
  };
