import { appendFileSync } from 'node:fs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { WrittenSpan } from './spans.js';

// Loaded with --import: registers the SDK, and writes each span that ends as a line of a file.

const file = process.env.SPANS_FILE ?? 'spans.jsonl';

const written = (span: ReadableSpan): WrittenSpan => ({
  ...{ name: span.name, kind: span.kind, attributes: span.attributes, status: span.status.code },
  ...{ traceId: span.spanContext().traceId, spanId: span.spanContext().spanId },
  ...(span.parentSpanContext && { parentId: span.parentSpanContext.spanId }),
  links: span.links.map(({ context }) => context.spanId),
  scope: span.instrumentationScope.name,
});

new NodeTracerProvider({
  spanProcessors: [
    new SimpleSpanProcessor({
      export: (spans, done) => {
        for (const span of spans) appendFileSync(file, `${JSON.stringify(written(span))}\n`);
        done({ code: 0 });
      },
      shutdown: async () => {},
    }),
  ],
}).register();
