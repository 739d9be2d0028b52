import { ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import type { FollowUp } from '../commands/follow-up.js';
import { type Instruments, secondsSince } from './instruments.js';
import { parentIn, traceparentOf } from './tracing.js';

type Measures = Readonly<{ instruments: Instruments; tracer: Tracer }>;

/**
 * A follow-up that is the same, and is measured as a command of its own: in the trace of who asked for it, not
 * of whom it follows. One that is left out never was: a span that does not end is told to nobody.
 */
export const measuredFollowUp = <Command extends Readonly<{ type: string }>, State>(
  stream: string,
  { commands, request, done }: FollowUp<Command, State>,
  { instruments, tracer }: Measures,
): FollowUp<Command, State> => {
  const command = commands[0]?.type ?? 'none';
  const begun = performance.now();
  const span = tracer.startSpan(
    `command ${command}`,
    { attributes: { 'forkline.command': command, 'forkline.stream': stream } },
    parentIn(ROOT_CONTEXT, request.traceparent),
  );
  const traceparent = traceparentOf(span) ?? request.traceparent;
  return {
    commands,
    request: traceparent === undefined ? request : { ...request, traceparent },
    done: (outcome) => {
      span.setAttribute('forkline.events.added', outcome.added);
      span.end();
      for (const { type } of commands) instruments.commands.inc({ command: type, outcome: 'done' });
      instruments.commandSeconds.observe({ command }, secondsSince(begun));
      done(outcome);
    },
  };
};
