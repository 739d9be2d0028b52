import { context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { Posting, Response, Send } from '../reactions/webhooks/send.js';
import { type Instruments, secondsSince } from './instruments.js';
import { inSpan, parentIn, traceparentOf } from './tracing.js';

type Measures = Readonly<{ instruments: Instruments; tracer: Tracer }>;

/**
 * Posts the same, and has each attempt measured, in the trace that the posting's `traceparent` names.
 * The receiver is sent the span of the attempt instead.
 */
export const measuredSend =
  (send: Send, { instruments: { webhookSeconds }, tracer }: Measures): Send =>
  async (posting, signal) => {
    const begun = performance.now();
    let outcome = 'failed';
    try {
      return await inSpan(
        tracer,
        {
          name: 'POST',
          kind: SpanKind.CLIENT,
          parent: parentIn(context.active(), posting.headers.traceparent),
          attributes: attributesOf(posting),
        },
        async (span) => {
          const response = await send(tracedBy(span, posting), signal);
          outcome = outcomeOf(response);
          describe(span, response);
          return response;
        },
      );
    } finally {
      webhookSeconds.observe({ outcome }, secondsSince(begun));
    }
  };

const outcomeOf = (response: Response): string => {
  if ('error' in response) return 'failed';
  return response.status >= 200 && response.status < 300 ? 'succeeded' : 'refused';
};

const tracedBy = (span: Span, posting: Posting): Posting => {
  const traceparent = traceparentOf(span);
  return traceparent === undefined
    ? posting
    : { ...posting, headers: { ...posting.headers, traceparent } };
};

/** The host alone: paths and queries of webhooks are where many receivers have their secret. */
const attributesOf = ({ url, headers }: Posting) => {
  const { hostname, port, protocol } = new URL(url);
  return {
    'http.request.method': 'POST',
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'forkline.delivery.id': headers['webhook-id'] ?? '',
  };
};

const describe = (span: Span, response: Response): void => {
  if ('status' in response) span.setAttribute('http.response.status_code', response.status);
  if (outcomeOf(response) === 'succeeded') return;
  span.setAttribute('error.type', 'status' in response ? `${response.status}` : 'no-answer');
  span.setStatus({ code: SpanStatusCode.ERROR });
};
