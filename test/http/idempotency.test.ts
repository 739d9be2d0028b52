import { describe, expect, it } from '@jest/globals';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');
const bob = server.as('bob');
const keyed = (key: string) => ({ 'Idempotency-Key': key });

describe('the same request under the same Idempotency-Key', () => {
  it('gives the first answer again and adds no event', async () => {
    const headers = keyed('create');
    const first = await ann.post('/v1/sessions', { title: 'Once' }, headers);
    const again = await ann.post('/v1/sessions', { title: 'Once' }, headers);
    expect(first.headers.get('idempotent-replayed')).toBe(null);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    for (const name of ['location', 'etag', 'content-type'])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(await eventsOf(ann, first.body.stream)).toHaveLength(1);
  });

  it('gives it also after the stream has moved on', async () => {
    const { id, stream } = await createSession(ann);
    const path = `/v1/sessions/${id}/messages`;
    const message = { role: 'user', content: 'hi' };
    const first = await ann.post(path, message, keyed('move on'));
    await postMessage(ann, id, 'later');
    const again = await ann.post(path, message, keyed('move on'));
    expect(again.body).toEqual(first.body);
    expect(again.body.revision).toBe(1);
    expect(await eventsOf(ann, stream)).toHaveLength(3);
  });

  it('works for every kind of write', async () => {
    const { id, stream } = await createSession(ann);
    const { id: message } = await postMessage(ann, id, 'hi');
    const path = `/v1/sessions/${id}`;
    const execution = await startExecution(ann);
    const checkpoint = { agent: 'a', stage: 's', stageOrder: 0, state: { n: 1 } };
    const writes = [
      () => ann.patch(path, { title: 'x' }, keyed('w1')),
      () => ann.post(`${path}/transitions`, { status: 'active' }, keyed('w2')),
      () => ann.patch(`${path}/messages/${message}`, { content: 'y' }, keyed('w3')),
      () => ann.delete(`${path}/messages/${message}`, keyed('w4')),
      () => ann.post(`/v1/streams/${stream}/forks`, { at: 0 }, keyed('w5')),
      () => ann.post(`${path}/resume`, { fork: true }, keyed('w6')),
      () => ann.post(`/v1/executions/${execution.id}/checkpoints`, checkpoint, keyed('w7')),
      () => ann.post(`/v1/executions/${execution.id}/complete`, {}, keyed('w8')),
      () => ann.delete(path, keyed('w9')),
      () => ann.post(`${path}/restore`, undefined, keyed('w10')),
      () => ann.delete(`/v1/sessions/${id}?hard=true`, keyed('w11')),
    ];
    // All but the last, which the forks stand in the way of.
    for (const write of writes.slice(0, -1)) {
      const first = await write();
      expect(first.status).toBeLessThan(300);
      const again = await write();
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expectProblem(await writes.at(-1)!(), 'stream-has-forks', 409);
    expect(await eventsOf(ann, stream)).toHaveLength(8);
  });

  it('gives a refusal by a rule again, even when the rule would no longer refuse', async () => {
    const { id } = await createSession(ann);
    const path = `/v1/sessions/${id}`;
    const pause = () => ann.post(`${path}/pause`, {}, keyed('too early'));
    const first = await pause();
    expectProblem(first, 'session-transition-not-allowed', 409);
    await bodyOf(ann.post(`${path}/transitions`, { status: 'active' }));
    const again = await pause();
    expect([again.status, again.text]).toEqual([409, first.text]);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await ann.post(`${path}/pause`, {}, keyed('in time'))).status).toBe(200);
  });

  it('means the body whatever the order of its keys', async () => {
    const first = await ann.post(
      '/v1/sessions',
      { title: 'x', metadata: { a: 1, b: 2 } },
      keyed('order'),
    );
    const again = await ann.post(
      '/v1/sessions',
      { metadata: { b: 2, a: 1 }, title: 'x' },
      keyed('order'),
    );
    expect(again.text).toBe(first.text);
  });

  it('is one request when sent many times at once', async () => {
    const { id, stream } = await createSession(ann);
    const path = `/v1/sessions/${id}/messages`;
    const send = () => ann.post(path, { role: 'user', content: 'at once' }, keyed('at once'));
    const others = () => ann.post(path, { role: 'user', content: 'other' });
    const replies = await Promise.all([send(), others(), send(), others(), send(), send()]);
    const same = [replies[0], replies[2], replies[4], replies[5]].map((reply) => reply!.text);
    expect(new Set(same).size).toBe(1);
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(201));
    expect(await eventsOf(ann, stream)).toHaveLength(4);
  });
});

describe('an Idempotency-Key used for something else', () => {
  it('is refused, and adds nothing', async () => {
    const { id, stream } = await createSession(ann);
    const path = `/v1/sessions/${id}`;
    await bodyOf(ann.patch(path, { title: 'x' }, keyed('reused')));
    for (const reused of [
      ann.patch(path, { title: 'y' }, keyed('reused')),
      ann.patch(path, { title: 'x', archived: true }, keyed('reused')),
      ann.post(`${path}/terminate`, {}, keyed('reused')),
      ann.post('/v1/sessions', { title: 'x' }, keyed('reused')),
      ann.patch(path, { title: 'x' }, { ...keyed('reused'), 'If-Match': '"1"' }),
      ann.delete(path, keyed('reused')),
    ])
      expectProblem(await reused, 'idempotency-key-reused', 422);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('is another key when it is that of another caller', async () => {
    const [first, other] = [
      await ann.post('/v1/sessions', {}, keyed('shared')),
      await bob.post('/v1/sessions', {}, keyed('shared')),
    ];
    expect(other.status).toBe(201);
    expect(other.headers.get('idempotent-replayed')).toBe(null);
    expect(other.body.id).not.toBe(first.body.id);
  });

  it('is free again after a request that was malformed', async () => {
    const { id, stream } = await createSession(ann);
    const path = `/v1/sessions/${id}`;
    const headers = keyed('second try');
    expectProblem(await ann.patch(path, { titel: 'x' }, headers), 'bad-request', 400);
    const broken = { ...headers, 'If-Match': 'broken' };
    expectProblem(await ann.patch(path, { title: 'x' }, broken), 'bad-request', 400);
    const { status } = await ann.patch(path, { title: 'x' }, headers);
    expect(status).toBe(200);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });
});

describe('a malformed Idempotency-Key', () => {
  it.each(['', 'x'.repeat(256), 'tab\there', 'schlüssel'])('is refused: %j', async (key) => {
    const reply = await ann.post('/v1/sessions', {}, keyed(key));
    const { errors } = expectProblem(reply, 'bad-request', 400);
    expect(errors?.[0]?.path).toBe('Idempotency-Key');
  });

  it('is none up to 255 printable characters, spaces among them', async () => {
    for (const key of ['x'.repeat(255), 'a key of words', '!"#$%&/()=?', '{"$gt":""}']) {
      const first = await ann.post('/v1/sessions', {}, keyed(key));
      const again = await ann.post('/v1/sessions', {}, keyed(key));
      expect([again.status, again.text]).toEqual([201, first.text]);
    }
  });

  it('does not matter to a read', async () => {
    const { id } = await saveCheckpoint(ann, (await startExecution(ann)).id, 0, {});
    for (const path of ['/v1/sessions', `/v1/checkpoints/${id}?after=0`])
      expect((await ann.get(path, keyed('create'))).headers.get('idempotent-replayed')).toBe(null);
  });
});
