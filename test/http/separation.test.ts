import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');
const bob = server.as('bob');

let session: Written;
let message: Written;
let execution: Written;
let checkpoint: Written;
let fork: Written;

beforeAll(async () => {
  session = await createSession(ann, { title: 'private' });
  message = await postMessage(ann, session.id, 'confidential');
  execution = await startExecution(ann, { sessionId: session.id });
  checkpoint = await saveCheckpoint(ann, execution.id, 0, { confidential: true });
  fork = await forkOf(ann, session.stream, 1);
  await bodyOf(ann.get(`/v1/sessions/${fork.id}?after=${fork.position}`));
});

describe('what belongs to someone else', () => {
  it('is 404 for whoever asks to see it, as if it were not there', async () => {
    for (const [path, code] of [
      [`/v1/sessions/${session.id}`, 'session-not-found'],
      [`/v1/sessions/${session.id}/messages`, 'session-not-found'],
      [`/v1/sessions/${session.id}/messages?at=99`, 'session-not-found'],
      [`/v1/sessions/${fork.id}/messages`, 'session-not-found'],
      [`/v1/sessions/${session.id}/export`, 'session-not-found'],
      [`/v1/executions/${execution.id}`, 'execution-not-found'],
      [`/v1/executions/${execution.id}/checkpoints`, 'execution-not-found'],
      [`/v1/executions/${execution.id}/checkpoints?at=99`, 'execution-not-found'],
      [`/v1/executions/${execution.id}/timeline`, 'execution-not-found'],
      [`/v1/checkpoints/${checkpoint.id}`, 'checkpoint-not-found'],
      [`/v1/streams/${session.stream}/events`, 'session-not-found'],
      [`/v1/streams/${session.stream}/state`, 'session-not-found'],
      [`/v1/streams/${session.stream}/state?at=99`, 'session-not-found'],
      [`/v1/streams/${session.stream}/lineage`, 'session-not-found'],
      [`/v1/streams/${execution.stream}/events`, 'execution-not-found'],
    ] as const) {
      const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1ffff';
      const refused = await bob.get(path);
      expectProblem(refused, code, 404);
      expect(refused.text).not.toContain('ann');
      const absent = await bob.get(path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, missing));
      const comparable = ({ body }: { body: unknown }) => ({
        ...(body as object),
        instance: '',
        requestId: '',
      });
      expect(comparable(refused)).toEqual(comparable(absent));
    }
  });

  it('is 404 for whoever asks to change it, and is not changed', async () => {
    const ofSession = `/v1/sessions/${session.id}`;
    const ofMessage = `${ofSession}/messages/${message.id}`;
    const ofExecution = `/v1/executions/${execution.id}`;
    for (const refused of [
      bob.patch(ofSession, { title: 'mine' }),
      bob.post(`${ofSession}/pause`),
      bob.post(`${ofSession}/resume`),
      bob.post(`${ofSession}/resume`, { fork: true }),
      bob.post(`${ofSession}/terminate`),
      bob.post(`${ofSession}/transitions`, { status: 'active' }),
      bob.post(`${ofSession}/restore`),
      bob.delete(ofSession),
      bob.delete(`${ofSession}?hard=true`),
      bob.post(`${ofSession}/messages`, { role: 'user', content: 'hi' }),
      bob.post(`${ofSession}/messages`, { id: message.id, role: 'user', content: 'confidential' }),
      bob.patch(ofMessage, { content: 'x' }),
      bob.delete(ofMessage),
      bob.post('/v1/executions', { sessionId: session.id }),
      bob.post(`/v1/streams/${session.stream}/forks`, { at: 0 }),
      bob.post(`/v1/streams/${session.stream}/forks`, { at: 99 }),
    ])
      expectProblem(await refused, 'session-not-found', 404);
    for (const refused of [
      bob.post(`${ofExecution}/checkpoints`, { agent: 'a', stage: 's', stageOrder: 0, state: {} }),
      bob.post(`${ofExecution}/complete`),
      bob.post(`${ofExecution}/fail`, { error: 'x' }),
      bob.post(`${ofExecution}/cancel`),
      bob.post(`/v1/streams/${execution.stream}/forks`, { at: 0 }),
    ])
      expectProblem(await refused, 'execution-not-found', 404);
    expect(await eventsOf(ann, session.stream)).toHaveLength(2);
    expect(await eventsOf(ann, execution.stream)).toHaveLength(2);
  });

  it('is in no list', async () => {
    for (const path of [
      '/v1/sessions?includeArchived=true&includeDeleted=true',
      '/v1/sessions?q=private',
      '/v1/executions',
      `/v1/executions?sessionId=${session.id}`,
      '/v1/messages/search?q=confidential',
      `/v1/messages/search?q=confidential&sessionId=${session.id}`,
      `/v1/messages/search?q=confidential&sessionId=${fork.id}`,
    ])
      expect((await bob.get(path)).body).toEqual({ items: [], next: null });
  });

  it('is all there for an administrator', async () => {
    const admin = server.as();
    for (const path of [
      `/v1/sessions/${session.id}`,
      `/v1/sessions/${session.id}/messages`,
      `/v1/executions/${execution.id}/timeline`,
      `/v1/checkpoints/${checkpoint.id}`,
      `/v1/streams/${session.stream}/state`,
    ])
      expect((await admin.get(path)).text).toMatch(/ann|confidential|solver/);
  });
});

describe('the name of who calls', () => {
  it('is local where none is given, an administrator', async () => {
    const { stream } = await createSession(server.as(''));
    expect((await eventsOf(server.as(), stream))[0]!.metadata.userId).toBe('local');
  });

  it('is taken to the letter', async () => {
    const names = ['Ann', 'ann ', "'; drop", '$ne', '{"$ne":null}', 'a\u00e9', 'x'.repeat(200)];
    for (const name of names) {
      const { id, stream, position } = await createSession(server.as(name));
      expect((await eventsOf(server.as(), stream))[0]!.metadata.userId).toBe(name.trim());
      const status = async (api = ann) =>
        (await api.get(`/v1/sessions/${id}?after=${position}`)).status;
      expect([await status(server.as(name)), await status(bob)]).toEqual([200, 404]);
    }
  });

  it('has 200 characters at most', async () => {
    const reply = await server.as('x'.repeat(201)).get('/v1/sessions');
    expectProblem(reply, 'unauthorized', 401);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });
});
