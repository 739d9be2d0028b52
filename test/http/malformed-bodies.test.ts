import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { createSession, eventsOf, postMessage, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const json = { 'Content-Type': 'application/json' };
const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f301';

let session: Written;
let execution: Written;
beforeAll(async () => {
  session = await createSession(ann);
  await postMessage(ann, session.id, 'hello');
  execution = await startExecution(ann, { sessionId: session.id });
});

const filledIn = (path: string) =>
  path.replace(':s', session.id).replace(':e', execution.id).replace(':m', missing);

describe('a malformed body', () => {
  it.each([
    '{',
    '{"title":}',
    '{"title":"x"',
    "{'title':'x'}",
    'undefined',
    '\u0000',
    '{"title":"x"}{}',
  ])('that is not JSON is refused: %s', async (body) => {
    const reply = await ann.send('POST', '/v1/sessions', { headers: json, body });
    expect(expectProblem(reply, 'bad-request', 400).errors).toEqual([
      { path: 'body', message: expect.stringMatching(/JSON/) },
    ]);
  });

  it.each([
    ['/v1/sessions', []],
    ['/v1/sessions', 'text'],
    ['/v1/sessions', 1],
    ['/v1/sessions', true],
    ['/v1/sessions', null],
    ['/v1/sessions/:s/pause', null],
    ['/v1/sessions/:s/messages', [{ role: 'user', content: 'x' }]],
  ])('of another type than an object is refused: %s %j', async (path, body) => {
    const reply = await ann.send('POST', filledIn(path), {
      headers: json,
      body: JSON.stringify(body),
    });
    expectProblem(reply, 'bad-request', 400);
  });

  it.each([
    ['/v1/sessions', { title: 'x', userId: 'bob' }, 'userId'],
    ['/v1/sessions/:s/pause', { why: 'x' }, 'why'],
    ['/v1/sessions/:s/restore', { anything: 1 }, 'anything'],
    ['/v1/sessions/:s/messages', { role: 'user', content: 'x', sender: 'y' }, 'sender'],
    ['/v1/executions', { state: {} }, 'state'],
    ['/v1/executions/:e/complete', { result: 1 }, 'result'],
    ['/v1/streams/session-:s/forks', { at: 0, revision: 0 }, 'revision'],
  ])('with a field nobody knows is refused, and the field named: %s', async (path, body, field) => {
    const { errors } = expectProblem(await ann.post(filledIn(path), body), 'bad-request', 400);
    expect(errors).toEqual([{ path: field, message: 'is not known here' }]);
  });

  it.each([
    ['/v1/sessions', { title: 1 }, 'title'],
    ['/v1/sessions', { title: null }, 'title'],
    ['/v1/sessions', { title: 'x'.repeat(501) }, 'title'],
    ['/v1/sessions', { mode: 'batch' }, 'mode'],
    ['/v1/sessions', { id: 'abc' }, 'id'],
    ['/v1/sessions', { id: `${missing}0` }, 'id'],
    ['/v1/sessions', { id: missing.replaceAll('-', '') }, 'id'],
    ['/v1/sessions', { parentSessionId: '' }, 'parentSessionId'],
    ['/v1/sessions', { metadata: [] }, 'metadata'],
    ['/v1/sessions', { metadata: 'x' }, 'metadata'],
    ['/v1/sessions', { metadata: { big: 'x'.repeat(65_536) } }, 'metadata'],
    ['/v1/sessions', { metadata: { big: 'ä'.repeat(32_768) } }, 'metadata'],
    ['/v1/sessions/:s/transitions', { status: 'paused' }, 'status'],
    ['/v1/sessions/:s/transitions', {}, 'status'],
    ['/v1/sessions/:s/resume', { fork: 'true' }, 'fork'],
    ['/v1/sessions/:s/messages', { content: 'x' }, 'role'],
    ['/v1/sessions/:s/messages', { role: 'user' }, 'content'],
    ['/v1/sessions/:s/messages', { role: 'robot', content: 'x' }, 'role'],
    ['/v1/sessions/:s/messages', { role: 'user', content: { text: 'x' } }, 'content'],
    ['/v1/sessions/:s/messages', { role: 'user', content: ['x'] }, 'content.0'],
    ['/v1/sessions/:s/messages', { role: 'user', content: 'x', toolCalls: [1] }, 'toolCalls.0'],
    ['/v1/executions', { pipeline: { name: 'p' } }, 'pipeline.stages'],
    ['/v1/executions', { pipeline: { name: '', stages: [] } }, 'pipeline.name'],
    ['/v1/executions', { requestId: '' }, 'requestId'],
    ['/v1/executions/:e/fail', {}, 'error'],
    ['/v1/executions/:e/checkpoints', { agent: 'a', stage: 's', stageOrder: 0 }, 'state'],
    [
      '/v1/executions/:e/checkpoints',
      { agent: 'a', stage: 's', stageOrder: -1, state: {} },
      'stageOrder',
    ],
    [
      '/v1/executions/:e/checkpoints',
      { agent: 'a', stage: 's', stageOrder: 0, state: [] },
      'state',
    ],
    ['/v1/streams/session-:s/forks', {}, 'at'],
    ['/v1/streams/session-:s/forks', { at: 0, scope: 'world' }, 'scope'],
    ['/v1/streams/session-:s/forks', { at: 0, amendments: {} }, 'amendments'],
  ])(
    'with a field of the wrong sort is refused, and its path named: %s %j',
    async (path, body, field) => {
      const reply = await ann.post(filledIn(path), body);
      const { errors, instance } = expectProblem(reply, 'bad-request', 400);
      expect(errors?.map((error) => error.path)).toContain(field);
      expect(instance).toBe(filledIn(path));
    },
  );

  it('of a change that changes nothing at all is refused', async () => {
    expectProblem(await ann.patch(`/v1/sessions/${session.id}`, {}), 'bad-request', 400);
    expectProblem(await ann.patch(`/v1/sessions/${session.id}`), 'bad-request', 400);
  });
});

describe('a hostile body', () => {
  it.each([
    '{"__proto__":{"admin":true}}',
    '{"title":"x","__proto__":null}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"metadata":{"__proto__":{"admin":true}}}',
    '{"metadata":{"a":[{"b":{"constructor":1}}]}}',
    '{"metadata":{"prototype":1}}',
    '{"metadata":{"_bsontype":"ObjectId"}}',
    '{"metadata":{"a\\u0000b":1}}',
    '{"metadata":{"half":"\\ud83d"}}',
    '{"metadata":{"\\udc00":1}}',
    '{"title":"\\ud83d half a character"}',
    `{"metadata":${'{"a":'.repeat(65)}1${'}'.repeat(65)}}`,
    `{"metadata":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
    `{"metadata":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`,
    `${'['.repeat(400_000)}${']'.repeat(400_000)}`,
  ])('is refused: %.80s', async (body) => {
    for (const headers of [json, { ...json, 'Idempotency-Key': `hostile ${body.slice(0, 200)}` }])
      expectProblem(await ann.send('POST', '/v1/sessions', { headers, body }), 'bad-request', 400);
  });

  it('leaves no mark on what comes after', async () => {
    const reply = await ann.get(`/v1/projections`);
    expectProblem(reply, 'forbidden', 403);
  });
});

describe('after all that', () => {
  it('nothing was written', async () => {
    expect(await eventsOf(ann, session.stream)).toHaveLength(2);
    expect(await eventsOf(ann, execution.stream)).toHaveLength(1);
  });
});
