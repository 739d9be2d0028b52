import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { v4 as newId } from 'uuid';
import type { Json } from '../support/api.js';
import { carriedOut, contractAt, expectInContract } from '../support/contract.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { quick, register, settled } from '../webhooks/support/hooks.js';
import { startReceiver } from '../webhooks/support/receiver.js';
import { type Api, apiOf } from './support/api.js';
import { bodyOf, createSession, forkOf, postMessage, startExecution } from './support/making.js';
import { claimTasks, heldTask, submitTask } from './support/tasks.js';

let folder: string;
let stores: SharedStores;
let program: Program;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  program = await startProgram(folder, { ...stores.settings, ...quick, LOG_LEVEL: 'silent' });
});
afterAll(async () => {
  await program.stop();
  await stores.stop();
  await removeFolder(folder);
});

// Without a name: an administrator, who may call everything.
const api: Api = apiOf(() => program.url);
const get = (path: string) => bodyOf(api.get<Json>(path));
const post = (path: string, body?: unknown) => bodyOf(api.post<Json>(path, body));

const rounds: Readonly<Record<string, () => Promise<unknown>>> = {
  sessions: async () => {
    const { id, position } = await createSession(api, { title: 'Walked through' });
    const path = `/v1/sessions/${id}`;
    await get(`/v1/sessions?after=${position}&q=walked`);
    await get(`${path}?after=${position}`);
    await bodyOf(api.patch(path, { metadata: { a: 1 } }));
    const message = await postMessage(api, id, 'a word', { metadata: { b: [null] } });
    const of = `${path}/messages/${message.id}`;
    const { position: edited } = await bodyOf(api.patch(of, { content: [{ text: 'words' }] }));
    await get(`${path}/messages?after=${edited}`);
    await get(`/v1/messages/search?q=words&after=${edited}`);
    await bodyOf(api.delete(of));
    await get(`${path}/messages?includeDeleted=true&at=1`);
    await post(`${path}/transitions`, { status: 'active' });
    await post(`${path}/pause`, { reason: 'tea' });
    await post(`${path}/resume`);
    await startExecution(api, { sessionId: id });
    await post(`${path}/terminate`);
    for (const format of ['json', 'txt', 'md']) {
      const exported = await api.get(`${path}/export?format=${format}`);
      expect(exported.status).toBe(200);
    }
    await bodyOf(api.delete(path));
    await post(`${path}/restore`);
    await bodyOf(api.delete(`${path}?hard=true`));
    await bodyOf(
      api.send('POST', '/v1/sessions/import', {
        body: JSON.stringify({ messages: [{ role: 'user', content: 'recorded' }] }),
      }),
    );
  },
  executions: async () => {
    const stages = ['plan', 'write'].map((name) => ({ name, agent: name, queue: `walk-${name}` }));
    const { id, stream } = await startExecution(api, { pipeline: { name: 'walk', stages } });
    const path = `/v1/executions/${id}`;
    const save = { agent: 'plan', stage: 'plan', stageOrder: 0, state: { n: 1 }, outputs: [1] };
    const saved = await post(`${path}/checkpoints`, { ...save, processing: [{ took: 1 }] });
    await post(`${path}/checkpoints`, { ...save, state: { n: 2 } });
    const checkpoint = `/v1/checkpoints/${saved.id}`;
    await get(`${checkpoint}?after=${saved.position}`);
    const replayed = await post(`${checkpoint}/replay`, { modifications: { n: 3 } });
    const resumed = await post(`/v1/executions/${replayed.executionId}/resume`);
    await post(`${checkpoint}/replay?after=${resumed.position}`, { resume: true });
    await get(`/v1/executions?status=running&after=${resumed.position}`);
    await get(`${path}?after=${resumed.position}`);
    await get(`${path}/checkpoints?at=2`);
    await get(`${path}/timeline`);
    await get(`/v1/executions/compare?a=${id}&b=${replayed.executionId}`);
    await get(`/v1/streams/compare?a=${stream}&b=${replayed.stream}`);
    const [other, failing, cancelled] = await Promise.all(
      Array.from({ length: 3 }, () => startExecution(api, {})),
    );
    await post(`/v1/executions/${other?.id}/checkpoints`, save);
    await post(`/v1/executions/${other?.id}/checkpoints/prune`, { keepLast: 1 });
    await post(`/v1/executions/${other?.id}/complete`, { output: { done: true } });
    await post(`/v1/executions/${failing?.id}/fail`, { error: 'no' });
    await post(`/v1/executions/${cancelled?.id}/cancel`, { reason: 'enough' });
    await get(`/v1/executions?after=${resumed.position}`);
  },
  interrupts: async () => {
    const { id: sessionId } = await createSession(api);
    const raise = (kind: string) =>
      post('/v1/interrupts', { kind, requestId: 'r-1', sessionId, question: 'Which?' });
    const answered = await raise('clarification');
    const cancelled = await raise('confirmation');
    await post(`/v1/interrupts/${answered.id}/respond`, { text: 'this', data: { sure: true } });
    const { position } = await post(`/v1/interrupts/${cancelled.id}/cancel`, { reason: 'moot' });
    await get(`/v1/interrupts/${answered.id}?after=${position}`);
    await get(`/v1/interrupts?sessionId=${sessionId}`);
  },
  tasks: async () => {
    await post('/v1/workers', { id: 'walker', queues: ['walk-*'] });
    const held = await heldTask(api, 'walk-a', { payload: { n: 1 } });
    const proof = { leaseToken: held.leaseToken };
    const path = `/v1/tasks/${held.id}`;
    await post(`${path}/heartbeat`, proof);
    await post(`${path}/progress`, { ...proof, percent: 50, status: 'half' });
    await submitTask(api, 'walk-a');
    await post(`${path}/complete`, { ...proof, result: [1], claim: { queue: 'walk-a' } });
    const failing = await heldTask(api, 'walk-b', { maxAttempts: 1 });
    await post(`/v1/tasks/${failing.id}/fail`, { leaseToken: failing.leaseToken, error: 'no' });
    await post(`/v1/tasks/${failing.id}/retry`);
    const { position } = await post(`/v1/tasks/${failing.id}/cancel`, { reason: 'enough' });
    await post('/v1/tasks', [
      { type: 'walk', queue: 'walk-c', notBefore: '2036-01-01T00:00:00Z' },
      { type: 'walk', queue: 'walk-d' },
    ]);
    const [last] = await claimTasks(api, 'walk-d', { workerId: 'walker' });
    const items = [last, held].map((each) => ({ id: each?.id, leaseToken: last?.leaseToken }));
    await post('/v1/tasks/complete', { items });
    await get(`/v1/tasks/${held.id}?after=${position}`);
    await get(`/v1/tasks?after=${position}`);
    await get(`/v1/queues?after=${position}`);
    await get('/v1/queues/walk-a');
    await post('/v1/workers/walker/heartbeat');
    const stopped = await post('/v1/workers/walker/stop');
    await get(`/v1/workers/walker?after=${stopped.position}`);
    await get('/v1/workers');
  },
  streams: async () => {
    const { id, stream } = await createSession(api, { title: 'Root' });
    await postMessage(api, id, 'said');
    await startExecution(api, { sessionId: id });
    const fork = await forkOf(api, stream, 1, { scope: 'tree' });
    const deep = await forkOf(api, fork.stream, 1, { reason: 'again' });
    await post(`/v1/streams/${deep.stream}/detach`);
    await get(`/v1/streams/${deep.stream}/lineage?after=${deep.position}`);
    await get(`/v1/streams/${deep.stream}/events`);
    await get(`/v1/streams/${deep.stream}/steps`);
    await get(`/v1/streams/${deep.stream}/state`);
    await get(`/v1/streams/${deep.stream}/state?whole=true&at=1`);
    const { position } = await bodyOf(api.post(`/v1/streams/${fork.stream}/detach`));
    await get(`/v1/streams/${fork.stream}/lineage?after=${position}`);
    await get(`/v1/streams/${fork.stream}/events`);
    await get(`/v1/sessions/${fork.id}?after=${position}`);
    await get(`/v1/sessions/${fork.id}/messages?after=${position}`);
  },
  feed: async () => {
    const leaving = new AbortController();
    const path = '/v1/feed/sse';
    const { status, headers } = await fetch(program.url + path, { signal: leaving.signal });
    leaving.abort();
    await expectInContract(program.url, { method: 'GET', path, status, headers, text: '' });
  },
  webhooks: async () => {
    const receiver = await startReceiver();
    receiver.behaves('/hook', 503, 200);
    try {
      const hook = await register(api, receiver.at('/hook'));
      const path = `/v1/webhooks/${hook.id}`;
      await createSession(api, { title: 'Told' });
      const [delivery] = await settled(api, hook, 'succeeded');
      await get(`${path}/deliveries/${delivery?.id}`);
      await post(`${path}/deliveries/${delivery?.id}/retry`);
      await post(`${path}/resend?since=2036-01-01T00:00:00Z`);
      await post(`${path}/rotate-secret`);
      await post(`${path}/disable`, { reason: 'noisy' });
      const { position } = await post(`${path}/enable`);
      await get(`/v1/webhooks?after=${position}`);
      await get(path);
      await bodyOf(api.delete(path));
    } finally {
      await receiver.close();
    }
  },
  operations: async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/v1/audit']) await get(path);
    for (const path of ['/docs', '/metrics']) expect((await api.get(path)).status).toBe(200);
    const rebuilt = async (names: readonly string[]) => {
      for (;;) {
        const { items } = await get('/v1/projections');
        const states = items
          .filter(({ name }: Json) => names.includes(name))
          .map(({ rebuild, serving }: Json) => [rebuild?.state, serving?.collection]);
        if (states.every(([state]: [string]) => state !== 'building' && state !== 'switching'))
          return states;
      }
    };
    await post('/v1/projections/rebuild', { names: ['interrupts', 'workers'] });
    await rebuilt(['interrupts', 'workers']);
    await post('/v1/projections/workers/rollback');
    // One that is done by then cannot be cancelled any more.
    const cancelled = async () => {
      await post('/v1/projections/queues/rebuild');
      const { status } = await api.delete('/v1/projections/queues/rebuild');
      await rebuilt(['queues']);
      return status === 200;
    };
    for (const until = Date.now() + 30_000; !(await cancelled()); )
      expect(Date.now()).toBeLessThan(until);
    await post('/v1/projections/interrupts/rebuild');
    await rebuilt(['interrupts']);
    // Until the node no longer reads what served before.
    const drop = () => api.post('/v1/projections/interrupts/drop');
    let dropped = await drop();
    for (const until = Date.now() + 30_000; dropped.status === 409 && Date.now() < until; )
      dropped = await drop();
    expect(dropped.status).toBe(200);

    const eventStore = EventStoreDBClient.connectionString(stores.eventStoreUrl);
    const { stream } = await createSession(api);
    const broken = (data: Json) => jsonEvent({ id: newId(), type: 'SessionRenamed', data });
    await eventStore.appendToStream(stream, [broken({ colour: 'red' }), broken({ title: 'x' })]);
    await eventStore.dispose();
    const { position } = await createSession(api);
    await get(`/v1/sessions?after=${position}`);
    const parked = await get('/v1/projections/sessions/parked');
    const first = `/v1/projections/sessions/parked/${parked.items[0].id}`;
    await post(`${first}/retry`);
    await post(`${first}/discard`);
  },
};

/** What cannot be asked for with a plain request, and where it is tested. */
const elsewhere = ['openFeed'];

describe('the document of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { document } = await contractAt(program.url);
    const validator = new Validator();
    expect(await validator.validate(JSON.parse(JSON.stringify(document)))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it.each(Object.keys(rounds))('says what is answered when %s are walked through', (name) =>
    rounds[name]!(),
  );

  it('has no operation that was not walked through', async () => {
    const { operations } = await contractAt(program.url);
    const left = operations
      .map(({ operationId }) => operationId)
      .filter((id) => !carriedOut.has(id) && !elsewhere.includes(id));
    expect(left).toEqual([]);
  });

  it('names each operation once', async () => {
    const { operations } = await contractAt(program.url);
    const ids = operations.map(({ operationId }) => operationId);
    expect([...new Set(ids)]).toEqual(ids);
  });

  it('is strict: an answer with another field, another status or without a header is none of it', async () => {
    const contract = await contractAt(program.url);
    const { id, position } = await createSession(api);
    const path = `/v1/sessions/${id}`;
    const { status, headers, text } = await api.get(`${path}?after=${position}`);
    expect(status).toBe(200);
    const exchange = { method: 'GET', path, status, headers, text };
    expect(contract.flawIn(exchange)).toBeUndefined();
    const grown = JSON.stringify({ ...JSON.parse(text), extra: 1 });
    expect(contract.flawIn({ ...exchange, text: grown })).toMatch(/additional properties/);
    expect(contract.flawIn({ ...exchange, status: 202 })).toMatch(/status 202/);
    const bare = new Headers({ 'content-type': 'application/json' });
    expect(contract.flawIn({ ...exchange, headers: bare })).toMatch(/X-Request-Id is missing/);
    expect(contract.flawIn({ ...exchange, path: '/v1/nowhere' })).toMatch(/not in the document/);
  });

  it('is answered with 304 to who has it', async () => {
    const { headers } = await api.get('/openapi.json');
    const again = await api.get('/openapi.json', {
      'If-None-Match': headers.get('etag') ?? '',
      // Otherwise fetch asks for all of it.
      'Cache-Control': 'max-age=0',
    });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('is a page with nothing from elsewhere', async () => {
    const { text, headers } = await api.get('/docs');
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'self'.*script-src 'self';/,
    );
    const sources = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
    expect(sources.length).toBeGreaterThan(2);
    for (const source of sources) {
      expect(source).toMatch(/^\/docs\//);
      expect((await fetch(program.url + source)).status).toBe(200);
    }
  });
});

describe('while the stores are away', () => {
  const portOf = (url: string) => Number(/:(\d+)/.exec(url.slice(url.indexOf('//')))?.[1]);

  it('everything says so and when to come back, and goes on once they are there, without a restart', async () => {
    const ports = { eventStore: portOf(stores.eventStoreUrl), mongo: portOf(stores.mongoUrl) };
    await stores.stop();
    const asked = [
      await api.post('/v1/sessions', {}),
      await api.get('/v1/sessions'),
      await api.post('/v1/executions', {}, { 'Idempotency-Key': 'while-away' }),
      await api.get('/readyz'),
    ];
    for (const { status, headers, body } of asked) {
      const { code } = body as { code: string };
      expect(['store-unavailable', 'not-ready']).toContain(code);
      expect({ status, after: headers.get('retry-after') }).toEqual({ status: 503, after: '1' });
    }
    expect((await api.get('/healthz')).status).toBe(200);
    stores = await startSharedStores(folder, ports);
    let created = await api.post('/v1/sessions', {});
    for (const until = Date.now() + 30_000; created.status === 503 && Date.now() < until; )
      created = await api.post('/v1/sessions', {});
    expect(created.status).toBe(201);
    const { id, position } = created.body;
    let found = await api.get(`/v1/sessions/${id}?after=${position}`);
    for (const until = Date.now() + 30_000; found.status >= 503 && Date.now() < until; )
      found = await api.get(`/v1/sessions/${id}?after=${position}`);
    expect(found.status).toBe(200);
  });
});
