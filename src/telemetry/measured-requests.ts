import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Instruments } from './instruments.js';
import type { RequestNotes } from './noted.js';
import { traceparentOf } from './tracing.js';

type Measures = Readonly<{
  registry: Registry;
  instruments: Instruments;
  tracer: Tracer;
  notes: Pick<RequestNotes, 'of'>;
  log: Logger;
}>;

type Answered = Readonly<{ method: string; route: string; status: number; seconds: number }>;

/** Methods that something is served by. Others, of which HTTP has any number, are counted as one. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);
const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What they are asked for goes on until the client goes. */
const endless = new Set(['/v1/feed', '/v1/feed/sse']);

/** Asked for all the time by machines that note the answers themselves. */
const probes = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * A listener that does the same, and has each request measured: counted and timed by its route, in a span
 * of its own or the one that instrumentation of HTTP has begun already, and logged in a line: writes and
 * what was refused or failed at info, other reads and probes at debug.
 */
export const measuredRequests = (
  listener: RequestListener,
  { registry, instruments, tracer, notes, log }: Measures,
): RequestListener => {
  let inFlight = 0;
  new Gauge({
    name: 'forkline_http_requests_in_flight',
    help: 'Requests that are being answered.',
    registers: [registry],
    collect() {
      this.set(inFlight);
    },
  });

  const count = ({ method, route, status, seconds }: Answered): void => {
    const known = methods.has(method) ? method : 'other';
    const of = status === 0 ? 'aborted' : `${Math.floor(status / 100)}xx`;
    instruments.requests.inc({ method: known, route, status: of });
    if (!endless.has(route)) instruments.requestSeconds.observe({ method: known, route }, seconds);
  };

  const tell = (request: IncomingMessage, response: ServerResponse, answered: Answered): void => {
    const { method, route, status, seconds } = answered;
    const isPlainRead = reading.has(method) && status > 0 && status < 400;
    const level = isPlainRead || probes.has(route) ? 'debug' : 'info';
    if (!log.isLevelEnabled(level)) return;
    log[level](
      {
        requestId: response.getHeader('X-Request-Id'),
        ...notes.of(request),
        method,
        route,
        status,
        durationMs: Math.round(seconds * 1e6) / 1000,
      },
      status === 0 ? 'request aborted' : 'request',
    );
  };

  return (request, response) => {
    const begun = performance.now();
    inFlight += 1;
    const { method = 'GET' } = request;
    const active = trace.getActiveSpan();
    const parent = active
      ? context.active()
      : propagation.extract(context.active(), request.headers);
    const span = active ?? tracer.startSpan(method, spanOf(request), parent);
    // Whatever reads the header from here on is told of this part of the trace.
    const traceparent = traceparentOf(span);
    if (traceparent !== undefined) request.headers.traceparent = traceparent;

    response.on('close', () => {
      inFlight -= 1;
      const answered = {
        method,
        route: routeOf(request),
        seconds: (performance.now() - begun) / 1000,
        status: response.writableFinished ? response.statusCode : 0,
      };
      count(answered);
      tell(request, response, answered);
      describe(span, answered);
      if (!active) span.end();
    });
    if (traceparent === undefined) listener(request, response);
    else context.with(trace.setSpan(parent, span), listener, undefined, request, response);
  };
};

/** Its template, which the router has left on the request if there is one. */
const routeOf = (request: IncomingMessage): string => {
  const { route } = request as { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : 'unmatched';
};

/** Attributes as the semantic conventions for HTTP name them. The query may hold a token and is left out. */
const spanOf = ({ method = 'GET', url = '/', httpVersion }: IncomingMessage) => ({
  kind: SpanKind.SERVER,
  attributes: {
    'http.request.method': method,
    'url.path': url.split('?')[0] ?? '/',
    'url.scheme': 'http',
    'network.protocol.version': httpVersion,
  },
});

const describe = (span: Span, { method, route, status }: Answered): void => {
  if (!span.isRecording()) return;
  if (route !== 'unmatched') {
    span.updateName(`${method} ${route}`);
    span.setAttribute('http.route', route);
  }
  if (status > 0) span.setAttribute('http.response.status_code', status);
  if (status > 0 && status < 500) return;
  span.setAttribute('error.type', status === 0 ? 'aborted' : `${status}`);
  span.setStatus({ code: SpanStatusCode.ERROR });
};
