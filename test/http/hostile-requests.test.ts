import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { FeedClient } from '../feed/support/feed-client.js';
import type { Reply } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { createSession, eventsOf, startExecution } from './support/making.js';
import { sendRaw } from './support/raw-requests.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');
const local = server.as();
const json = { 'Content-Type': 'application/json' };

describe('what is no request of HTTP', () => {
  const host = 'Host: localhost\r\n';
  const get = (more: string) => `GET /v1/sessions HTTP/1.1\r\n${more}\r\n`;
  const post = (more: string) =>
    `POST /v1/sessions HTTP/1.1\r\n${host}Content-Type: application/json\r\nConnection: close\r\n${more}`;

  it.each<[string, string, number, string]>([
    ['a line of nothing', 'hello\r\n\r\n', 400, 'bad-request'],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'bad-request'],
    ['an unknown method', `FETCH / HTTP/1.1\r\n${host}\r\n`, 400, 'bad-request'],
    ['an unknown version', 'GET / HTTP/7.9\r\n\r\n', 400, 'bad-request'],
    ['a header without a colon', get(`${host}nonsense\r\n`), 400, 'bad-request'],
    ['a header with a control character', get(`${host}X-A: a\x01b\r\n`), 400, 'bad-request'],
    ['no host', get('Connection: close\r\n'), 400, 'bad-request'],
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'), 400, 'bad-request'],
    [
      'a length and chunks',
      post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'),
      ...([400, 'bad-request'] as const),
    ],
    [
      'chunks of no length',
      post('Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'),
      ...([400, 'bad-request'] as const),
    ],
    ['long headers', get(`${host}X-A: ${'a'.repeat(20_000)}\r\n`), 431, 'headers-too-large'],
    ['longer headers', get(`${host}X-A: ${'a'.repeat(900_000)}\r\n`), 431, 'headers-too-large'],
    [
      'a long path',
      `GET /v1/sessions?q=${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`,
      ...([431, 'headers-too-large'] as const),
    ],
    [
      'a strange expectation',
      get(`${host}Connection: close\r\nExpect: tea\r\n`),
      417,
      'expectation-failed',
    ],
  ])('is answered with a problem document: %s', async (_, bytes, status, code) => {
    expectProblem(await sendRaw(server.url(), bytes), code, status);
  });

  it('is answered once, where the rest of a request that was answered is broken', async () => {
    const bytes = `POST /nowhere HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n`;
    expectProblem(await sendRaw(server.url(), bytes), 'not-found', 404);
  });

  it('leaves the next request of others as it is', async () => {
    expect((await ann.get('/v1/sessions')).status).toBe(200);
  });
});

describe('a compressed body', () => {
  const gzipped = (body: Uint8Array) =>
    ann.send('POST', '/v1/sessions', {
      headers: { ...json, 'Content-Encoding': 'gzip' },
      body: new Uint8Array(body),
    });
  const whole = gzipSync('{"title":"x"}');

  it.each<[string, Uint8Array]>([
    ['no gzip at all', Buffer.from('{"title":"x"}')],
    ['cut off', whole.subarray(0, whole.length - 9)],
    ['damaged', Buffer.concat([whole.subarray(0, 12), Buffer.from('????'), whole.subarray(16)])],
  ])('that is %s is refused', async (_, body) => {
    expectProblem(await gzipped(body), 'bad-request', 400);
  });

  it('that grows beyond the limit is refused', async () => {
    const bomb = gzipSync(`{"title":"${'x'.repeat(50_000_000)}"}`);
    expectProblem(await gzipped(bomb), 'too-large', 413);
  });
});

describe('what could be stored otherwise than it was sent', () => {
  const flaws = [
    ...['{"__proto__":{"admin":true}}', '{"a":[{"constructor":1}]}', '{"prototype":{}}'],
    ...['{"a\\u0000":1}', '{"a":"\\ud800"}', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`],
    ...['{"a":9007199254740993}', '{"a":[-9007199254740993]}', '{"a":1e400}'],
    '{"a":1732187654321987654}',
  ];
  const takers: readonly (readonly [method: string, path: string, body: string])[] = [
    ['POST', '/v1/sessions', '{"metadata":$}'],
    ['PATCH', '/v1/sessions/:s', '{"metadata":$}'],
    ['POST', '/v1/sessions/:s/messages', '{"role":"user","content":[$]}'],
    ['POST', '/v1/sessions/:s/messages', '{"role":"user","content":"x","toolCalls":[$]}'],
    ['POST', '/v1/executions', '{"input":$}'],
    ['POST', '/v1/executions/:e/checkpoints', '{"agent":"a","stage":"s","stageOrder":0,"state":$}'],
    ['POST', '/v1/executions/:e/complete', '{"output":$}'],
    [
      'POST',
      '/v1/interrupts',
      '{"kind":"clarification","requestId":"r","sessionId":":s","data":$}',
    ],
    ['POST', '/v1/tasks', '{"type":"t","queue":"q","payload":$}'],
    ['POST', '/v1/tasks', '[{"type":"t","queue":"q","payload":$}]'],
    [
      'POST',
      '/v1/streams/session-:s/forks',
      '{"at":0,"amendments":[{"type":"ChangeSession","metadata":$}]}',
    ],
    [
      'POST',
      '/v1/streams/execution-:e/forks',
      '{"at":0,"amendments":[{"type":"CompleteExecution","output":$}]}',
    ],
  ];

  it('is refused wherever it is sent, and adds nothing', async () => {
    const session = await createSession(ann);
    const execution = await startExecution(ann, { sessionId: session.id });
    const named = (text: string) => text.replace(':s', session.id).replace(':e', execution.id);
    for (const [method, path, taking] of takers)
      for (const flaw of flaws) {
        const body = named(taking).replace('$', () => flaw);
        expectProblem(
          await ann.send(method, named(path), { headers: json, body }),
          'bad-request',
          400,
        );
      }
    expect(await eventsOf(ann, session.stream)).toHaveLength(1);
    expect(await eventsOf(ann, execution.stream)).toHaveLength(1);
  });

  it.each([
    '9007199254740991',
    '-9007199254740991',
    '0.1',
    '1e300',
    '5e-324',
    '"9007199254740993"',
    '{"toString":[{"b":[{}]}],"valueOf":[[{"c":1}]],"hasOwnProperty":[{}],"toJSON":[{}],"then":[{}]}',
  ])('is none of that: %s is kept as it is', async (value) => {
    const body = `{"metadata":{"a":${value}}}`;
    const { status, body: created } = await ann.send<{ id: string; position: string }>(
      ...(['POST', '/v1/sessions', { headers: json, body }] as const),
    );
    expect(status).toBe(201);
    const found = await ann.get<{ metadata: object }>(
      `/v1/sessions/${created.id}?after=${created.position}`,
    );
    expect(found.body.metadata).toEqual(JSON.parse(`{"a":${value}}`));
  });

  it('is refused in a recording as well', async () => {
    for (const flaw of ['{"__proto__":1}', '{"a":1e400}', `${'['.repeat(70)}${']'.repeat(70)}`]) {
      const body = `{"messages":[{"role":"user","content":"x","metadata":${flaw}}]}`;
      const reply = await ann.send('POST', '/v1/sessions/import', { body });
      expectProblem(reply, 'unreadable-recording', 422);
    }
  });
});

describe('a stream that is the store’s own', () => {
  const names = [
    ...['$all', '$streams', '$ce-session', '$et-SessionCreated', '$$session-1', '$settings', '$'],
    ...['snapshot-1', 'session-', 'session', '-1', 'users-ann', 'session-..', 'session-%2e%2e%2f'],
    ...[`session-${'0'.repeat(280)}`, 'session-\u0000', '\u202esession-1', 'Session-1'],
  ];

  it.each(names)('is not there for anybody: %j', async (name) => {
    const path = `/v1/streams/${encodeURIComponent(name)}`;
    const id = encodeURIComponent(name);
    for (const api of [ann, local]) {
      const replies: Reply<unknown>[] = [];
      for (const part of ['events', 'state', 'steps', 'lineage'])
        replies.push(await api.get(`${path}/${part}`));
      replies.push(await api.post(`${path}/forks`, { at: 0 }));
      replies.push(await api.post(`${path}/detach`));
      replies.push(await api.get(`/v1/streams/compare?a=${id}&b=${id}`));
      for (const reply of replies) {
        expect([400, 404]).toContain(reply.status);
        expectProblem(reply, (reply.body as { code: string }).code, reply.status);
      }
    }
  });

  it.each(['sessions', 'executions', 'interrupts', 'tasks', 'webhooks'])(
    'cannot be made under an id: %s',
    async (collection) => {
      for (const id of ['$all', '$ce-session', '../$all', '__proto__', ''])
        expectProblem(await local.post(`/v1/${collection}`, { id }), 'bad-request', 400);
    },
  );

  it('is not on the feed, not even for administrators', async () => {
    const { stream } = await createSession(local);
    const port = Number(new URL(server.url()).port);
    const client = await FeedClient.connect(port, 'local');
    await client.caughtUp('all', { from: 'start' });
    const streams = client.of('all').flatMap(({ event }) => event?.stream ?? []);
    expect(streams).toContain(stream);
    expect(
      streams.filter((each) => !/^(session|execution|interrupt|task|worker|webhook)-/.test(each)),
    ).toEqual([]);
    await client.caughtUp('own', {
      from: 'start',
      filter: { streams: ['$all', '$streams', '$settings'] },
    });
    expect(client.of('own').filter(({ op }) => op === 'event')).toEqual([]);
    client.socket.close();
  });
});

describe('a hostile message to the feed', () => {
  it.each<[string, string]>([
    ['{"op":"__proto__"}', 'unknown-op'],
    ['{"op":"constructor"}', 'unknown-op'],
    ['{"op":"ping","__proto__":{"op":"subscribe"}}', 'bad-message'],
    ['{"op":"ping","constructor":1}', 'bad-message'],
    ['{"op":"subscribe","id":"a","filter":{"__proto__":{}}}', 'bad-filter'],
    ['{"op":"subscribe","id":"a","filter":{"$where":["1"]}}', 'bad-filter'],
    ['{"op":"subscribe","id":"a","filter":{"streams":[{"$gt":""}]}}', 'bad-filter'],
    ['{"op":"subscribe","id":"a","from":"-1"}', 'bad-message'],
    ['{"op":"subscribe","id":"a","from":"9007199254740993"}', 'bad-message'],
    [
      `{"op":"subscribe","id":"a","filter":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      'bad-filter',
    ],
    ['[{"op":"ping"}]', 'malformed-json'],
    ['\u0000', 'malformed-json'],
  ])('is answered with an error: %s %s', async (message, code) => {
    const port = Number(new URL(server.url()).port);
    const client = await FeedClient.connect(port, 'ann');
    client.say(message);
    await client.until(() => client.messages.length > 0);
    expect(client.messages[0]).toMatchObject({ op: 'error', code });
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    client.socket.close();
  });
});
