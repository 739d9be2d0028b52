import {
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { outcomeOf } from './outcome.js';

/** Spans of Forkline. They go to whatever SDK the process has registered, and nowhere without one. */
export const tracerOf = (version: string): Tracer => trace.getTracer('forkline', version);

/** As W3C Trace Context has it: version, trace, span, flags. */
const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Where a span is, as events and headers carry it; undefined when it belongs to no trace. */
export const traceparentOf = (span: Span): string | undefined => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  if (!isSpanContextValid({ traceId, spanId, traceFlags })) return undefined;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
};

/** The span that an event or header names. */
export const spanContextIn = (carried: string | undefined): SpanContext | undefined => {
  const [, traceId, spanId, flags] = traceparent.exec(carried ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return { traceId, spanId, traceFlags, isRemote: true };
};

/** What a span is to be a child of: what goes on now, or else what `carried` names. */
export const parentOf = (carried: string | undefined): Context => {
  const active = context.active();
  return trace.getSpanContext(active) ? active : parentIn(active, carried);
};

/** The context `base` with the span that `carried` names in it, whatever span is under way now. */
export const parentIn = (base: Context, carried: string | undefined): Context => {
  const remote = spanContextIn(carried);
  return remote ? trace.setSpanContext(base, remote) : base;
};

type Named = SpanOptions & Readonly<{ name: string; parent: Context }>;

/**
 * Has work done within a span. What fails marks the span as failed, with the name of the error: what
 * errors say may quote what users wrote.
 */
export const inSpan = async <Result>(
  tracer: Tracer,
  named: Named,
  work: (span: Span) => Promise<Result>,
): Promise<Result> => {
  const { name, parent } = named;
  const span = tracer.startSpan(name, named, parent);
  // Nobody traces: there is nothing to be within, and nobody to be told of its end.
  if (!isSpanContextValid(span.spanContext())) return await work(span);
  try {
    return await context.with(trace.setSpan(parent, span), work, undefined, span);
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
};

/** A lost race or a rule that says no is how things go, and no failure of what the span stands for. */
export const markFailed = (span: Span, error: unknown): void => {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  const outcome = outcomeOf(error);
  if (outcome === 'unavailable' || outcome === 'failed')
    span.setStatus({ code: SpanStatusCode.ERROR });
};
