import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import { session } from '../../src/domain/session.js';
import {
  type EventStore,
  type StoredEvent,
  StoreUnavailable,
} from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { closeServer, listen, urlOf } from '../../src/http/listen.js';
import { rateLimits } from '../../src/http/rate-limits.js';
import { instrumentsIn } from '../../src/telemetry/instruments.js';
import { measuredBatches } from '../../src/telemetry/measured-batches.js';
import { measuredHandler } from '../../src/telemetry/measured-handler.js';
import { measuredLimits } from '../../src/telemetry/measured-limits.js';
import { measuredReaction } from '../../src/telemetry/measured-reaction.js';
import { measuredRequests } from '../../src/telemetry/measured-requests.js';
import { measuredStore } from '../../src/telemetry/measured-store.js';
import { racesOf } from '../../src/telemetry/races.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { request } from '../support/requests.js';
import { create, post, question } from '../support/session-facts.js';
import { figure, parseExposition } from './support/exposition.js';

let stores: TestStores;
const spans = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
beforeAll(async () => {
  stores = await startTestStores();
  provider.register();
});
afterAll(async () => {
  trace.disable();
  context.disable();
  await stores.close();
});
beforeEach(() => spans.reset());

const logged: object[] = [];

/** Decorators that measure into a registry of their own. */
const measuring = (slowSeconds = 60) => {
  const registry = new Registry();
  const log = pino({ level: 'info' }, { write: (line) => logged.push(JSON.parse(line) as object) });
  const tracer = provider.getTracer('test');
  const instruments = instrumentsIn(registry);
  const measures = { instruments, tracer, races: racesOf(), log, slowSeconds };
  const onSessions = (store: EventStore) =>
    measuredHandler(
      'session',
      commandHandler(withLineage(measuredStore(store, measures)), session),
      measures,
    );
  const figures = async () => parseExposition(await registry.metrics());
  return { measures, onSessions, figures };
};

const commands = async (
  figures: Awaited<ReturnType<ReturnType<typeof measuring>['figures']>>,
  command: string,
  outcome: string,
) => figure(figures, 'forkline_commands_total', { command, outcome });

describe('a measured handler', () => {
  it('counts the races that a command loses to another node, and still does it', async () => {
    const { onSessions, figures } = measuring();
    const [here, there] = [onSessions(stores.store), onSessions(stores.store)];
    const id = newId();
    await here(id, [create], request());
    await there(id, [post(question)], request());
    // What this node knows of the stream is out of date: its first append loses.
    await here(id, [post({ ...question, messageId: 'm-9' })], request());
    const found = await figures();
    expect(figure(found, 'forkline_command_retries_total', { command: 'PostMessage' })).toBe(1);
    expect(await commands(found, 'PostMessage', 'done')).toBe(2);
    const appends = (outcome: string) =>
      figure(found, 'forkline_event_store_duration_seconds_count', {
        operation: 'append',
        outcome,
      });
    expect({ done: appends('done'), conflict: appends('conflict') }).toEqual({
      ...{ done: 3, conflict: 1 },
    });
    const lost = spans
      .getFinishedSpans()
      .filter(({ attributes }) => attributes['error.type'] === 'RevisionConflict');
    expect(lost.map(({ name, status }) => [name, status.code])).toEqual([
      ['append session', SpanStatusCode.UNSET],
    ]);
  });

  it('counts each of several commands, and those that a store which is away has kept from being done', async () => {
    const { onSessions, figures } = measuring();
    const id = newId();
    await onSessions(stores.store)(id, [create, post(question)], request());
    const away = {
      ...stores.store,
      append: () => Promise.reject(new StoreUnavailable('away')),
    };
    await expect(onSessions(away)(newId(), [create], request())).rejects.toThrow(StoreUnavailable);
    const found = await figures();
    expect(await commands(found, 'CreateSession', 'done')).toBe(1);
    expect(await commands(found, 'PostMessage', 'done')).toBe(1);
    expect(await commands(found, 'CreateSession', 'unavailable')).toBe(1);
    const failed = spans.getFinishedSpans().filter(({ status }) => status.code !== 0);
    expect(failed.map(({ name }) => name)).toEqual(['append session', 'command CreateSession']);
  });

  it('warns of a command that was slow', async () => {
    const { onSessions } = measuring(0);
    const id = newId();
    await onSessions(stores.store)(id, [create], request({ requestId: 'slow-one' }));
    expect(logged).toContainEqual(
      expect.objectContaining({
        ...{ level: 40, msg: 'a command was slow', command: 'CreateSession' },
        ...{ stream: `session-${id}`, outcome: 'done', requestId: 'slow-one', racesLost: 0 },
      }),
    );
  });
});

describe('a measured store', () => {
  it('gives the same events, and counts those read, also by one who stops early', async () => {
    const { measures, onSessions, figures } = measuring();
    const id = newId();
    await onSessions(stores.store)(id, [create, post(question)], request());
    spans.reset();
    const store = measuredStore(stores.store, measures);
    const plain: string[] = [];
    for await (const event of stores.store.read(`session-${id}`)) plain.push(event.id);
    const measured: string[] = [];
    for await (const event of store.read(`session-${id}`)) measured.push(event.id);
    expect(measured).toEqual(plain);
    for await (const _ of store.read(`session-${id}`)) break;
    for await (const _ of store.read('session-none')) throw new Error('there is none');
    const found = await figures();
    expect(figure(found, 'forkline_event_store_events_total', { operation: 'read' })).toBe(3);
    const reads = spans.getFinishedSpans().filter(({ name }) => name === 'read session');
    expect(reads.map(({ attributes }) => attributes['db.response.returned_rows'])).toEqual([
      2, 1, 0,
    ]);
  });
});

const caused = (traceparent: string | undefined) =>
  ({ metadata: { ...(traceparent && { traceparent }) } }) as unknown as StoredEvent;
const one = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const other = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a measured batch', () => {
  it('of events with one cause belongs to its trace', async () => {
    const fold = measuredBatches(measuring().measures);
    await fold([caused(one), caused(one), caused(undefined)], async () => {});
    const [batch] = spans.getFinishedSpans();
    expect(batch?.spanContext().traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(batch?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
    expect(batch?.attributes['messaging.batch.message_count']).toBe(3);
  });

  it('of events with several causes is linked to each, and in the trace of none', async () => {
    const fold = measuredBatches(measuring().measures);
    await fold([caused(one), caused(other), caused(one)], async () => {});
    const [batch] = spans.getFinishedSpans();
    expect(batch?.parentSpanContext).toBe(undefined);
    expect(batch?.links.map(({ context: { spanId } }) => spanId)).toEqual([
      ...['00f067aa0ba902b7', 'b7ad6b7169203331'],
    ]);
  });

  it('that fails is counted as failed, and fails', async () => {
    const { measures, figures } = measuring();
    const failing = () => Promise.reject(new Error('broken'));
    await expect(measuredBatches(measures)([caused(one)], failing)).rejects.toThrow('broken');
    const name = 'forkline_projection_batch_duration_seconds_count';
    expect(figure(await figures(), name, { outcome: 'failed' })).toBe(1);
    expect(figure(await figures(), 'forkline_projection_events_total')).toBe(0);
  });
});

describe('a measured reaction', () => {
  it('does what the event asks for within its trace, and what it does goes on in it', async () => {
    const { measures, figures } = measuring();
    let within: string | undefined;
    const reaction = measuredReaction(
      {
        name: 'testing',
        handle: async () => {
          within = trace.getActiveSpan()?.spanContext().traceId;
        },
      },
      measures,
    );
    await reaction.handle(caused(other));
    expect(within).toBe('0af7651916cd43dd8448eb211c80319c');
    const name = 'forkline_reaction_duration_seconds_count';
    expect(figure(await figures(), name, { reaction: 'testing', outcome: 'done' })).toBe(1);
  });
});

describe('measured requests', () => {
  const answered = async () => {
    const { measures, figures } = measuring();
    let traceparent: unknown;
    const listener = measuredRequests(
      (request, response) => {
        traceparent = request.headers.traceparent;
        (request as { route?: object }).route = { path: '/v1/things/:id' };
        response.end('done');
      },
      { ...measures, notes: { of: () => ({}) }, registry: new Registry() },
    );
    const server = createServer((request, response) =>
      provider.getTracer('instrumentation').startActiveSpan('GET', (span) => {
        listener(request, response);
        response.once('close', () => span.end());
      }),
    );
    await listen(server, 0, '127.0.0.1');
    await (await fetch(`${urlOf(server)}/v1/things/7`)).text();
    await closeServer(server, 1_000);
    return { traceparent, figures: await figures() };
  };

  it('take the span that instrumentation of HTTP has begun, and begin none beside it', async () => {
    const { traceparent, figures } = await answered();
    const found = spans.getFinishedSpans();
    expect(found.map(({ name, attributes }) => [name, attributes['http.route']])).toEqual([
      ['GET /v1/things/:id', '/v1/things/:id'],
    ]);
    const { traceId, spanId } = found[0]!.spanContext();
    expect(traceparent).toBe(`00-${traceId}-${spanId}-01`);
    const labels = { method: 'GET', route: '/v1/things/:id', status: '2xx' };
    expect(figure(figures, 'forkline_http_requests_total', labels)).toBe(1);
  });
});

describe('measured limits', () => {
  it('count what they refuse, and nothing else', async () => {
    const { measures, figures } = measuring();
    const quota = { reads: 0.2, writes: 0, work: 0, bulk: 0, feed: 0, unauthenticated: 0 };
    const limits = measuredLimits(rateLimits(quota), measures.instruments);
    const isOver = async () => (await limits.count('reads', 'ann'))?.isOver;
    expect([await isOver(), await isOver(), await isOver()]).toEqual([false, false, true]);
    expect(await limits.count('writes', 'ann')).toBe(undefined);
    const found = await figures();
    expect(figure(found, 'forkline_rate_limited_total', { limit: 'reads' })).toBe(1);
    expect(figure(found, 'forkline_rate_limited_total', { limit: 'writes' })).toBe(undefined);
  });
});
