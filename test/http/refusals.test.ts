import { describe, expect, it } from '@jest/globals';
import { expectProblem } from './support/expect-problem.js';
import { createSession } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f401';
const json = { 'Content-Type': 'application/json' };

describe('what is not there', () => {
  it.each([
    '/',
    '/v1',
    '/v1/session',
    '/v2/sessions',
    `/v1/sessions/${missing}/nothing`,
    '//v1//sessions',
  ])('is answered 404: %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE'])
      expectProblem(await ann.send(method, path), 'not-found', 404);
  });

  it.each([
    ['GET', `/v1/sessions/${missing}`, 'session-not-found'],
    ['PATCH', `/v1/sessions/${missing}`, 'session-not-found'],
    ['DELETE', `/v1/sessions/${missing}`, 'session-not-found'],
    ['POST', `/v1/sessions/${missing}/pause`, 'session-not-found'],
    ['GET', `/v1/sessions/${missing}/messages`, 'session-not-found'],
    ['DELETE', `/v1/sessions/${missing}/messages/${missing}`, 'session-not-found'],
    ['GET', `/v1/executions/${missing}`, 'execution-not-found'],
    ['GET', `/v1/executions/${missing}/timeline`, 'execution-not-found'],
    ['POST', `/v1/executions/${missing}/complete`, 'execution-not-found'],
    ['GET', `/v1/checkpoints/${missing}`, 'checkpoint-not-found'],
    ['GET', `/v1/streams/session-${missing}/lineage`, 'session-not-found'],
  ])('is answered 404 in its own words: %s %s', async (method, path, code) => {
    const reply = await ann.send(
      method,
      path,
      method === 'PATCH' ? { headers: json, body: '{"title":"x"}' } : {},
    );
    expect(expectProblem(reply, code, 404).instance).toBe(path);
  });
});

describe('the feed without a WebSocket', () => {
  it('is answered 426 with what to ask for, whoever asks', async () => {
    for (const user of [ann, server.as('bob')]) {
      const reply = await user.get('/v1/feed?access_token=x');
      expectProblem(reply, 'upgrade-required', 426);
      expect(reply.headers.get('upgrade')).toBe('websocket');
      expect(reply.headers.get('connection')).toBe('Upgrade');
    }
  });
});

describe('a method that a resource does not have', () => {
  it.each([
    ['PUT', '/v1/sessions', 'GET, HEAD, POST'],
    ['DELETE', '/v1/sessions', 'GET, HEAD, POST'],
    ['PUT', `/v1/sessions/${missing}`, 'DELETE, GET, HEAD, PATCH'],
    ['GET', `/v1/sessions/${missing}/pause`, 'POST'],
    ['HEAD', `/v1/sessions/${missing}/pause`, 'POST'],
    ['POST', '/v1/messages/search', 'GET, HEAD'],
    ['OPTIONS', `/v1/checkpoints/${missing}`, 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/readyz', 'GET, HEAD'],
    ['POST', '/v1/feed', 'GET, HEAD'],
  ])('is answered 405 with those it has: %s %s', async (method, path, allowed) => {
    const reply = await ann.send(method, path);
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allowed);
    if (method !== 'HEAD') expectProblem(reply, 'method-not-allowed', 405);
  });

  it('is not HEAD where GET is one', async () => {
    const { id, position } = await createSession(ann);
    const { status, text, headers } = await ann.send(
      'HEAD',
      `/v1/sessions/${id}?after=${position}`,
      { headers: { 'Idempotency-Key': 'of no meaning here' } },
    );
    expect({ status, text, etag: headers.get('etag') }).toEqual({
      status: 200,
      text: '',
      etag: '"0"',
    });
  });
});

describe('a body', () => {
  const exactly = (size: number) => {
    const [start, end] = ['{"metadata":{},"title":"', '"}'];
    return `${start}${'x'.repeat(size - start.length - end.length)}${end}`;
  };

  it('of more than 1 MiB is refused, however it is sent', async () => {
    const body = exactly(1024 * 1024 + 1);
    expectProblem(
      await ann.send('POST', '/v1/sessions', { headers: json, body }),
      'too-large',
      413,
    );
    const zipped = new Uint8Array(
      await new Response(
        new Blob([exactly(2_000_000)]).stream().pipeThrough(new CompressionStream('gzip')),
      ).arrayBuffer(),
    );
    const headers = { ...json, 'Content-Encoding': 'gzip' };
    const bomb = await ann.send('POST', '/v1/sessions', { headers, body: zipped });
    expectProblem(bomb, 'too-large', 413);
  });

  it('of just 1 MiB is read', async () => {
    const body = exactly(1024 * 1024);
    const reply = await ann.send('POST', '/v1/sessions', { headers: json, body });
    expect(expectProblem(reply, 'bad-request', 400).errors?.[0]?.path).toBe('title');
    const { id } = await createSession(ann);
    const post = (size: number) =>
      ann.post(`/v1/sessions/${id}/messages`, { role: 'user', content: 'x'.repeat(size) });
    expect((await post(1_000_000)).status).toBe(201);
    // With its metadata, what is left of the 1 MiB is more than an event may have.
    expectProblem(await post(1024 * 1024 - 60), 'too-large', 413);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json',
    'nonsense',
  ])('of another type than JSON is refused: %s', async (type) => {
    const headers = { 'Content-Type': type };
    for (const [method, path] of [
      ['POST', '/v1/sessions'],
      ['PATCH', `/v1/sessions/${missing}`],
    ] as const) {
      const reply = await ann.send(method, path, { headers, body: '{"title":"x"}' });
      expectProblem(reply, 'unsupported-media-type', 415);
    }
  });

  it('in an encoding that nobody knows is refused', async () => {
    for (const headers of [
      { 'Content-Type': 'application/json; charset=koi8-r' },
      { ...json, 'Content-Encoding': 'rot13' },
    ]) {
      const reply = await ann.send('POST', '/v1/sessions', { headers, body: '{"title":"x"}' });
      expectProblem(reply, 'unsupported-media-type', 415);
    }
    const lying = await ann.send('POST', '/v1/sessions', {
      headers: { ...json, 'Content-Encoding': 'gzip' },
      body: '{"title":"x"}',
    });
    expectProblem(lying, 'bad-request', 400);
  });

  it('of a kind of JSON, or compressed, is taken', async () => {
    const headers = { 'Content-Type': 'Application/Vnd.Example+JSON; charset=UTF-8' };
    const named = await ann.send('POST', '/v1/sessions', { headers, body: '{"title":"x"}' });
    expect(named.status).toBe(201);
    const zipped = new Uint8Array(
      await new Response(
        new Blob(['{"title":"x"}']).stream().pipeThrough(new CompressionStream('gzip')),
      ).arrayBuffer(),
    );
    const compressed = await ann.send('POST', '/v1/sessions', {
      headers: { ...json, 'Content-Encoding': 'gzip' },
      body: zipped,
    });
    expect(compressed.status).toBe(201);
  });

  it('is not needed where every field may be left out', async () => {
    expect((await ann.send('POST', '/v1/sessions')).status).toBe(201);
    expect((await ann.send('POST', '/v1/sessions', { headers: json })).status).toBe(201);
  });
});

describe('what the server says of itself', () => {
  it('is that it runs and that its stores answer', async () => {
    expect((await ann.get('/healthz')).body).toEqual({ status: 'ok' });
    const ready = await ann.get('/readyz', { 'X-Request-Id': 'probe-1' });
    expect(ready.body).toMatchObject({
      status: 'ready',
      checks: expect.arrayContaining([
        { name: 'event-store', ok: true },
        { name: 'database', ok: true },
        { name: 'projections/sessions', ok: true },
      ]),
    });
    expect(ready.headers.get('x-request-id')).toBe('probe-1');
  });

  it('does not name what it is made of', async () => {
    const { headers } = await ann.get('/nothing');
    expect(headers.get('x-powered-by')).toBe(null);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('of its projections is for administrators', async () => {
    expectProblem(await ann.get('/v1/projections'), 'forbidden', 403);
    const { body } = await server
      .as()
      .get<{ items: readonly { name: string }[] }>('/v1/projections');
    expect(body.items.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['sessions', 'messages', 'executions', 'checkpoints', 'streams']),
    );
  });
});
