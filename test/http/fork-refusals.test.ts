import { describe, expect, it } from '@jest/globals';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  forkOf,
  postMessage,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f201';

describe('a fork', () => {
  it('is refused at a revision that the stream does not have', async () => {
    const { stream } = await createSession(ann);
    const fork = await forkOf(ann, stream, 0);
    for (const [of, at] of [
      [stream, 1],
      [stream, Number.MAX_SAFE_INTEGER],
      [fork.stream, 2],
    ] as const)
      expectProblem(await ann.post(`/v1/streams/${of}/forks`, { at }), 'revision-not-found', 404);
  });

  it.each([-1, 0.5, 1e300, '0', null, [0], true])(
    'is refused at %j, which is no revision',
    async (at) => {
      const { stream } = await createSession(ann);
      const reply = await ann.post(`/v1/streams/${stream}/forks`, { at });
      expect(expectProblem(reply, 'bad-request', 400).errors?.[0]?.path).toBe('at');
    },
  );

  it('is refused for what is no stream, or none that the caller may see', async () => {
    const { stream } = await createSession(ann);
    const bob = server.as('bob');
    for (const [api, of, code] of [
      [bob, stream, 'session-not-found'],
      [ann, `session-${missing}`, 'session-not-found'],
      [ann, `execution-${missing}`, 'execution-not-found'],
      [ann, 'session-', 'stream-not-found'],
      [ann, '%24all', 'stream-not-found'],
      [ann, `%24%24${stream}`, 'stream-not-found'],
      [ann, '%24ce-session', 'stream-not-found'],
      [ann, `task-${missing}`, 'task-not-found'],
      [ann, `gadget-${missing}`, 'stream-not-found'],
    ] as const)
      expectProblem(await api.post(`/v1/streams/${of}/forks`, { at: 0 }), code, 404);
    expect(await eventsOf(ann, stream)).toHaveLength(1);
  });

  it('is refused under an id that is taken, whoever has it, and changes nothing there', async () => {
    const { stream, id } = await createSession(ann);
    const other = await createSession(server.as('bob'));
    const gone = await createSession(ann);
    await bodyOf(ann.delete(`/v1/sessions/${gone.id}?hard=true`));
    for (const taken of [id, other.id, gone.id]) {
      const reply = await ann.post(`/v1/streams/${stream}/forks`, { at: 0, id: taken });
      expectProblem(reply, 'fork-already-exists', 409);
    }
    expect(await eventsOf(server.as(), other.stream)).toHaveLength(1);
  });

  it('may have the id of a stream of another category', async () => {
    const session = await createSession(ann);
    const execution = await startExecution(ann);
    const { status, headers } = await ann.post(`/v1/streams/${execution.stream}/forks`, {
      at: 0,
      id: session.id,
    });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/executions/${session.id}`);
  });

  it('is refused when the stream is not at the revision of If-Match', async () => {
    const { id, stream } = await createSession(ann);
    await postMessage(ann, id, 'moved on');
    const forks = `/v1/streams/${stream}/forks`;
    const stale = await ann.post(forks, { at: 0 }, { 'If-Match': '"0"' });
    expect(expectProblem(stale, 'revision-mismatch', 412).currentRevision).toBe(1);
    expect((await ann.post(forks, { at: 0 }, { 'If-Match': '"1"' })).status).toBe(201);
  });

  it('is one fork, however often its Idempotency-Key is sent', async () => {
    const { stream } = await createSession(ann);
    const forks = `/v1/streams/${stream}/forks`;
    const body = { at: 0, amendments: [{ type: 'PostMessage', role: 'user', content: 'hi' }] };
    const key = { 'Idempotency-Key': 'fork-once' };
    const replies = await Promise.all([1, 2, 3].map(() => ann.post(forks, body, key)));
    const ids = new Set(replies.map(({ status, body: { id } }) => `${status} ${id}`));
    expect(ids.size).toBe(1);
    expect(await eventsOf(ann, replies[0]!.body.stream)).toHaveLength(3);
  });
});
