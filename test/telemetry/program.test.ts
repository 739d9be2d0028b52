import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { newApiKey } from '../../src/http/identity/api-key.js';
import { addToKeyFile } from '../../src/http/identity/api-key-file.js';
import { type Api, apiOf } from '../http/support/api.js';
import { expectProblem } from '../http/support/expect-problem.js';
import { bodyOf, createSession, postMessage } from '../http/support/making.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { until } from '../support/until.js';
import { register, settled } from '../webhooks/support/hooks.js';
import { type Receiver, startReceiver } from '../webhooks/support/receiver.js';
import { type Family, figure, parseExposition } from './support/exposition.js';
import { readSpans, type WrittenSpan, writingSpans } from './support/spans.js';

/** In every place where content or a secret can be. */
const marker = 'kept-to-themselves';
const jwtSecret = `${marker}: the secret of tokens, long enough`;
const webhookSecret = `whsec_${Buffer.from(`${marker}: 24 bytes or more of it`).toString('base64')}`;

let folder: string;
let program: Program;
let receiver: Receiver;
let root: Api;
let ann: Api;
let byKey: Api;
let tokens: Readonly<{ root: string; ann: string }>;
let apiKey: string;
let log = '';

const signed = (sub: string, scope?: string): Promise<string> =>
  new SignJWT({ sub, note: marker, ...(scope !== undefined && { scope }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(jwtSecret));

beforeAll(async () => {
  folder = await temporaryFolder();
  const keys = join(folder, 'keys.json');
  const made = newApiKey({
    ...{ user: 'ann', name: marker, scopes: [], created: new Date().toISOString() },
  });
  apiKey = made.key;
  await addToKeyFile(keys, made.entry);
  program = await startProgram(folder, {
    ...{ LOG_LEVEL: 'info', LOG_FORMAT: 'json', AUTH_JWT_SECRET: jwtSecret },
    ...{ AUTH_API_KEYS_FILE: keys, WEBHOOK_ALLOW_PRIVATE: 'true' },
    WEBHOOK_SCHEDULE_SECONDS: '0,0.1',
    ...{ NODE_OPTIONS: writingSpans, SPANS_FILE: join(folder, 'spans.jsonl') },
  });
  program.process.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  receiver = await startReceiver();
  tokens = { root: await signed('root', 'admin'), ann: await signed('ann') };
  const bearing = (token: string) => apiOf(() => program.url, { Authorization: `Bearer ${token}` });
  root = bearing(tokens.root);
  ann = bearing(tokens.ann);
  byKey = bearing(apiKey);
});
afterAll(async () => {
  await program.stop();
  await receiver.close();
  await removeFolder(folder);
});

const metrics = async (): Promise<ReadonlyMap<string, Family>> =>
  parseExposition((await root.get('/metrics')).text);
const spans = (): readonly WrittenSpan[] => readSpans(join(folder, 'spans.jsonl'));

describe('the metrics of a program', () => {
  it('are for administrators', async () => {
    expectProblem(await ann.get('/metrics'), 'forbidden', 403);
    expect((await fetch(`${program.url}/metrics`)).status).toBe(401);
    const { status, headers } = await root.get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('count each request once, by its route and what came of it', async () => {
    const route = '/v1/sessions/:id/messages';
    const { id } = await createSession(ann);
    await Promise.all(Array.from({ length: 7 }, (_, n) => postMessage(ann, id, `message ${n}`)));
    for (let n = 0; n < 3; n += 1) await ann.post(`/v1/sessions/${id}/messages`, { role: 'none' });
    await ann.get(`/v1/sessions/${id}/messages`);
    await ann.get(`/no/such/${id}`);
    await ann.send('PUT', `/v1/sessions/${id}`);
    const found = await metrics();
    const requests = (labels: Readonly<Record<string, string>>) =>
      figure(found, 'forkline_http_requests_total', labels);
    expect(requests({ method: 'POST', route: '/v1/sessions', status: '2xx' })).toBe(1);
    expect(requests({ method: 'POST', route, status: '2xx' })).toBe(7);
    expect(requests({ method: 'POST', route, status: '4xx' })).toBe(3);
    expect(requests({ method: 'GET', route, status: '2xx' })).toBe(1);
    expect(requests({ method: 'GET', route: 'unmatched', status: '4xx' })).toBe(1);
    expect(requests({ method: 'other', route: '/v1/sessions/:id', status: '4xx' })).toBe(1);
    expect(
      figure(found, 'forkline_http_request_duration_seconds_count', { method: 'POST', route }),
    ).toBe(10);
    expect(figure(found, 'forkline_http_requests_in_flight')).toBe(1);
  });

  it('count commands by what came of them, and events by what was done with them', async () => {
    const isFolded = (found: Awaited<ReturnType<typeof metrics>>) =>
      figure(found, 'forkline_projection_lag_events', { projection: 'sessions' }) === 0;
    // What was refused before is written along with this, and then no more.
    expectProblem(await ann.get('/v1/audit'), 'forbidden', 403);
    const refusals = async () => (await root.get('/v1/audit?type=AccessRefused')).text;
    await until(async () => (await refusals()).includes('/v1/audit'));
    await until(async () => isFolded(await metrics()));
    const before = await metrics();
    const { id } = await createSession(ann);
    const pause = () => ann.post(`/v1/sessions/${id}/pause`);
    await bodyOf(ann.post(`/v1/sessions/${id}/transitions`, { status: 'active' }));
    await bodyOf(pause());
    const { position } = await bodyOf(ann.post(`/v1/sessions/${id}/terminate`));
    expectProblem(await pause(), 'session-transition-not-allowed', 409);
    const stale = { 'If-Match': '"0"' };
    expectProblem(
      await ann.patch(`/v1/sessions/${id}`, { title: 'x' }, stale),
      'revision-mismatch',
      412,
    );
    await ann.get(`/v1/sessions/${id}?after=${position}`);
    const after = await metrics();
    const since = (name: string, labels: Readonly<Record<string, string>> = {}) =>
      (figure(after, name, labels) ?? 0) - (figure(before, name, labels) ?? 0);
    const commands = (command: string, outcome: string) =>
      since('forkline_commands_total', { command, outcome });
    expect(commands('CreateSession', 'done')).toBe(1);
    expect(commands('PauseSession', 'done')).toBe(1);
    expect(commands('PauseSession', 'rejected')).toBe(1);
    expect(commands('ChangeSession', 'conflict')).toBe(1);
    expect(since('forkline_command_duration_seconds_count', { command: 'PauseSession' })).toBe(2);
    expect(since('forkline_event_store_events_total', { operation: 'append' })).toBe(4);
    expect(
      since('forkline_event_store_duration_seconds_count', {
        ...{ operation: 'append', outcome: 'done' },
      }),
    ).toBe(4);
    expect(since('forkline_projection_events_total')).toBe(4);
    const head = figure(after, 'forkline_event_store_position');
    expect(figure(after, 'forkline_projection_position', { projection: 'sessions' })).toBe(head);
    expect(head).toBe(Number(position));
    expect(figure(after, 'forkline_projection_lag_events', { projection: 'sessions' })).toBe(0);
    expect(figure(after, 'forkline_parked_events', { kind: 'projection', name: 'sessions' })).toBe(
      0,
    );
  });

  it('tell of tasks, claims and clients of the feed', async () => {
    const tasks = [1, 2, 3].map(() => ({ type: 'work', queue: 'metered' }));
    const { items } = await bodyOf(
      ann.post<{ items: readonly { body: { position: string } }[] }>('/v1/tasks', tasks),
    );
    const positions = items.map(({ body }) => Number(body.position));
    const claim = (queue: string) =>
      bodyOf(ann.post(`/v1/queues/${queue}/claim`, { workerId: 'w', max: 2 }));
    await claim('metered');
    await claim('nothing-there');
    const url = `${program.url.replace('http', 'ws')}/v1/feed?access_token=${tokens.ann}`;
    const socket = new WebSocket(url, 'forkline.v1');
    let told = 0;
    socket.on('open', () =>
      socket.send(
        JSON.stringify({
          op: 'subscribe',
          id: 's',
          filter: { categories: ['task'] },
          from: 'start',
        }),
      ),
    );
    socket.on('message', (text) => {
      if (JSON.parse(String(text)).op === 'event') told += 1;
    });
    await until(() => told === 5);
    await ann.get(`/v1/queues?after=${Math.max(...positions) + 1}`);
    await until(async () => figure(await metrics(), 'forkline_tasks', { status: 'running' }) === 2);
    const found = await metrics();
    expect(figure(found, 'forkline_feed_clients', { transport: 'websocket' })).toBe(1);
    expect(figure(found, 'forkline_feed_subscriptions')).toBe(1);
    expect(figure(found, 'forkline_feed_events_sent_total')).toBe(5);
    expect(figure(found, 'forkline_claims_total', { outcome: 'served' })).toBe(1);
    expect(figure(found, 'forkline_claims_total', { outcome: 'empty' })).toBe(1);
    expect(figure(found, 'forkline_claimed_tasks_total')).toBe(2);
    expect(figure(found, 'forkline_queue_tasks', { queue: 'metered', status: 'ready' })).toBe(1);
    socket.close();
    await until(
      async () =>
        figure(await metrics(), 'forkline_feed_clients', { transport: 'websocket' }) === 0,
    );
    expect(figure(await metrics(), 'forkline_feed_subscriptions')).toBe(0);
  });
});

describe('the trace of a request', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const caller = '00f067aa0ba902b7';

  it('leads from who asked through command, append, read models and reaction to the webhook', async () => {
    const hook = await register(root, receiver.at('/traced'), ['chat.session.created']);
    await root.get(`/v1/webhooks?after=${hook.position}`);
    const traceparent = `00-${trace}-${caller}-01`;
    const { body } = await root.post('/v1/sessions', {}, { traceparent });
    const [call] = await receiver.arrived('/traced', 1);
    const ofTrace = () => spans().filter(({ traceId }) => traceId === trace);
    const named = (name: string) => ofTrace().find((span) => span.name === name);
    await until(() => named('POST') !== undefined && named('process projections') !== undefined);

    const server = named('POST /v1/sessions')!;
    expect(server).toMatchObject({
      ...{ kind: SpanKind.SERVER, parentId: caller, scope: 'forkline' },
      attributes: {
        ...{ 'http.request.method': 'POST', 'http.route': '/v1/sessions' },
        ...{ 'http.response.status_code': 201, 'url.path': '/v1/sessions', 'url.scheme': 'http' },
      },
    });
    const command = named('command CreateSession')!;
    expect(command).toMatchObject({
      parentId: server.spanId,
      attributes: {
        ...{ 'forkline.command': 'CreateSession', 'forkline.stream': body.stream },
        'forkline.events.added': 1,
      },
    });
    expect(named('append session')).toMatchObject({
      ...{ kind: SpanKind.CLIENT, parentId: command.spanId },
      attributes: { 'db.operation.name': 'append', 'db.collection.name': body.stream },
    });
    expect(named('process projections')).toMatchObject({
      ...{ kind: SpanKind.CONSUMER, parentId: command.spanId, links: [command.spanId] },
    });
    // An event without a cause, as that of the delivery, may be in the batch as well.
    const inBatches = () =>
      spans()
        .filter(({ name }) => name === 'process projections')
        .reduce((sum, batch) => sum + Number(batch.attributes['messaging.batch.message_count']), 0);
    await until(
      async () => figure(await metrics(), 'forkline_projection_events_total') === inBatches(),
    );
    expect(named('process webhook-deliveries')).toMatchObject({
      ...{ kind: SpanKind.CONSUMER, parentId: command.spanId },
      attributes: { 'messaging.consumer.group.name': 'forkline-webhooks' },
    });
    const delivery = named('POST')!;
    expect(delivery).toMatchObject({
      ...{ kind: SpanKind.CLIENT, parentId: command.spanId },
      attributes: { 'server.address': '127.0.0.1', 'http.response.status_code': 200 },
    });
    // The receiver goes on from the attempt that it was sent.
    expect(call!.headers.traceparent).toBe(`00-${trace}-${delivery.spanId}-01`);
    const events = await bodyOf(
      root.get<{ items: readonly { metadata: { traceparent?: string } }[] }>(
        `/v1/streams/${body.stream}/events`,
      ),
    );
    expect(events.items[0]?.metadata.traceparent).toBe(`00-${trace}-${command.spanId}-01`);
  });

  it('of a claim that waits is that of the claim, whoever submits the task', async () => {
    const traces = { claim: trace.replace(/^4/, '5'), submission: trace.replace(/^4/, '6') };
    const naming = (name: string) => ({ traceparent: `00-${name}-${caller}-01` });
    const path = '/v1/queues/traced/claim';
    const wait = { workerId: 'w', waitSeconds: 30 };
    const before = await metrics();
    const waiting = bodyOf(ann.post(path, wait, naming(traces.claim)));
    await bodyOf(ann.post(path, { workerId: 'w' }));
    const task = { type: 't', queue: 'traced' };
    const { stream } = await bodyOf(ann.post('/v1/tasks', task, naming(traces.submission)));
    await waiting;
    const route = 'POST /v1/queues/:queue/claim';
    const spanOf = (name: string, trace: string) =>
      spans().find((span) => span.name === name && span.traceId === trace);
    await until(() => spanOf(route, traces.claim) !== undefined);
    const claimed = spanOf('command ClaimTask', traces.claim)!;
    const submitted = spanOf('command SubmitTask', traces.submission)!;
    expect(claimed).toMatchObject({
      parentId: spanOf(route, traces.claim)!.spanId,
      attributes: { 'forkline.stream': stream, 'forkline.events.added': 1 },
    });
    const { items } = await bodyOf(
      root.get<{ items: readonly { metadata: { traceparent?: string } }[] }>(
        `/v1/streams/${stream}/events`,
      ),
    );
    expect(items.map(({ metadata }) => metadata.traceparent)).toEqual([
      `00-${traces.submission}-${submitted.spanId}-01`,
      `00-${traces.claim}-${claimed.spanId}-01`,
    ]);
    const after = await metrics();
    const since = (name: string, labels: Readonly<Record<string, string>>) =>
      (figure(after, name, labels) ?? 0) - (figure(before, name, labels) ?? 0);
    for (const command of ['SubmitTask', 'ClaimTask']) {
      expect(since('forkline_commands_total', { command, outcome: 'done' })).toBe(1);
      expect(since('forkline_command_duration_seconds_count', { command })).toBe(1);
    }
    expect(since('forkline_claims_total', { outcome: 'served' })).toBe(1);
  });

  it('of a fork, which is no command of a handler, is in its events as well', async () => {
    const traceparent = `00-${trace}-${caller}-01`;
    const { stream } = await createSession(root);
    const { body } = await root.post(`/v1/streams/${stream}/forks`, { at: 0 }, { traceparent });
    const name = 'POST /v1/streams/:stream/forks';
    await until(() => spans().some((span) => span.name === name));
    const { spanId } = spans().find((span) => span.name === name)!;
    const { items } = await bodyOf(
      root.get<{ items: readonly { metadata: { traceparent?: string } }[] }>(
        `/v1/streams/${body.stream}/events?from=1`,
      ),
    );
    expect(items[0]?.metadata.traceparent).toBe(`00-${trace}-${spanId}-01`);
  });

  it('says that a webhook was not delivered, and nothing of its address but the host', async () => {
    receiver.behaves(`/${marker}`, 500);
    const hook = await register(root, receiver.at(`/${marker}?key=${marker}`), ['task.submitted']);
    await root.get(`/v1/webhooks?after=${hook.position}`);
    receiver.behaves(`/${marker}?key=${marker}`, 500);
    await bodyOf(root.post('/v1/tasks', { type: 'a', queue: 'b' }));
    await settled(root, hook, 'parked');
    const failed = spans().filter(
      ({ name, status }) => name === 'POST' && status === SpanStatusCode.ERROR,
    );
    expect(failed).toHaveLength(2);
    expect(failed[0]?.attributes).toMatchObject({ 'error.type': '500' });
    const found = await metrics();
    const attempts = (outcome: string) =>
      figure(found, 'forkline_webhook_attempt_duration_seconds_count', { outcome });
    expect(attempts('refused')).toBe(2);
    expect(attempts('failed')).toBe(undefined);
  });
});

describe('the log at info', () => {
  const lines = () =>
    log
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

  it('has a line for each write and each refusal, and none for other reads', async () => {
    const { id, position } = await createSession(byKey);
    const named = { 'X-Request-Id': 'one-write' };
    await ann.post(`/v1/sessions/${id}/messages`, { role: 'user', content: 'x' }, named);
    await ann.get(`/v1/sessions/${id}?after=${position}`, { 'X-Request-Id': 'one-read' });
    await ann.get('/v1/sessions/no-id', { 'X-Request-Id': 'one-refusal' });
    const of = (requestId: string) => lines().filter((line) => line.requestId === requestId);
    await until(() => of('one-refusal').length > 0);
    expect(of('one-write')).toEqual([
      {
        ...{ level: 30, time: expect.any(Number), msg: 'request', requestId: 'one-write' },
        ...{ user: 'ann', method: 'POST', route: '/v1/sessions/:id/messages', status: 201 },
        durationMs: expect.any(Number),
      },
    ]);
    expect(of('one-read')).toEqual([]);
    expect(of('one-refusal')).toMatchObject([{ level: 30, status: 400, problem: 'bad-request' }]);
    expect(lines()).toContainEqual(
      expect.objectContaining({ user: 'ann', keyId: apiKey.split('_')[1], status: 201 }),
    );
  });

  it('holds nothing that users wrote, and no secret, whatever becomes of a request', async () => {
    const content = `${marker} content`;
    const { id } = await createSession(ann, { title: content, metadata: { a: content } });
    await postMessage(ann, id, content, { name: marker, metadata: { b: content } });
    await postMessage(ann, id, [{ type: 'text', text: content }]);
    await ann.get(`/v1/messages/search?q=${marker}`);
    await ann.get(`/v1/messages/search?q=${marker}&limit=0`);
    await ann.get(`/v1/${marker}`);
    await ann.send('POST', `/v1/sessions/${id}/messages`, {
      ...{ headers: { 'Content-Type': 'application/json' }, body: `{"content": ${marker}` },
    });
    await ann.post(`/v1/sessions/${id}/messages`, { role: 'user', content, [marker]: content });
    await ann.post(`/v1/sessions/${id}/pause`, { reason: content });
    const run = await bodyOf(ann.post('/v1/executions', { input: { a: content } }));
    await ann.post(`/v1/executions/${run.id}/checkpoints`, {
      ...{ agent: 'a', stage: 's', stageOrder: 0, state: { a: content }, outputs: { b: content } },
    });
    await ann.post(`/v1/executions/${run.id}/fail`, { error: { message: content } });
    const asked = await bodyOf(
      ann.post('/v1/interrupts', {
        ...{ kind: 'clarification', requestId: 'r-1', sessionId: id, question: content },
        data: { a: content },
      }),
    );
    await ann.post(`/v1/interrupts/${asked.id}/respond`, { text: content });
    await ann.post(`/v1/interrupts/${asked.id}/respond`, { text: content });
    await ann.post('/v1/tasks', { type: 't', queue: 'q', payload: { a: content } });
    const [task] = (
      await bodyOf(
        ann.post<{ items: readonly { id: string; leaseToken: string }[] }>('/v1/queues/q/claim', {
          workerId: 'w',
        }),
      )
    ).items;
    await ann.post(`/v1/tasks/${task!.id}/fail`, {
      ...{ leaseToken: task!.leaseToken, error: { message: content } },
    });
    await bodyOf(
      ann.post('/v1/webhooks', {
        ...{ url: receiver.at(`/${marker}`), topics: ['chat.*'], secret: webhookSecret },
      }),
    );
    await byKey.get('/v1/sessions', { 'Idempotency-Key': marker });
    await byKey.post('/v1/sessions', { title: content }, { 'Idempotency-Key': marker });
    const sse = new AbortController();
    const query = `access_token=${tokens.ann}&from=start`;
    await fetch(`${program.url}/v1/feed/sse?${query}`, { signal: sse.signal });
    sse.abort();
    await fetch(`${program.url}/v1/feed?access_token=${tokens.ann}`);
    await fetch(`${program.url}/v1/sessions`, { headers: { Authorization: `Bearer ${marker}` } });
    await fetch(`${program.url}/v1/feed/${marker}?access_token=${marker}`);
    await ann.get('/v1/sessions', { 'X-Request-Id': 'the-end-of-it', 'If-None-Match': '"x"' });
    await ann.delete('/v1/sessions/no-id', { 'X-Request-Id': 'after-all' });
    await until(() => log.includes('after-all'));

    const exposed = (await root.get('/metrics')).text;
    const traced = readFileSync(join(folder, 'spans.jsonl'), 'utf8');
    const secrets = [marker, jwtSecret, apiKey, tokens.ann, tokens.root, webhookSecret.slice(6)];
    for (const secret of secrets) {
      expect(log).not.toContain(secret);
      expect(exposed).not.toContain(secret);
    }
    for (const secret of secrets.slice(1)) expect(traced).not.toContain(secret);
    // The test would see it if it were there.
    expect(lines().filter(({ msg }) => msg === 'request').length).toBeGreaterThan(30);
  });

  it('is what metrics, whose labels are bounded, keep to as well', async () => {
    const { id } = await createSession(ann);
    const text = (await root.get('/metrics')).text;
    expect(text).not.toContain(id);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
    expect(text).not.toMatch(/"(ann|root)"/);
  });
});
