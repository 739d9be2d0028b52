import { describe, expect, it } from '@jest/globals';
import type { Page } from '../../src/queries/page.js';
import type { SessionView } from '../../src/queries/sessions.js';
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
import { sharing } from './support/running.js';

type StateBody = Readonly<{ state: Readonly<{ deleted: boolean }> }>;

const server = sharing();
const ann = server.as('ann');
const admin = server.as();

describe('deleting a session for good', () => {
  it('leaves no trace of it, its messages and its executions', async () => {
    const session = await createSession(ann, { title: 'Ephemeral' });
    const message = await postMessage(ann, session.id, 'the xylophone rusts');
    await bodyOf(
      ann.patch(`/v1/sessions/${session.id}/messages/${message.id}`, { content: 'xylophones' }),
    );
    const execution = await startExecution(ann, { sessionId: session.id });
    const checkpoint = await saveCheckpoint(ann, execution.id, 0, { secret: 'xylophone' });
    const ownFork = await forkOf(ann, execution.stream, 1);
    await bodyOf(ann.get(`/v1/executions/${ownFork.id}?after=${ownFork.position}`));

    const { status, body } = await ann.delete(`/v1/sessions/${session.id}?hard=true`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: session.id, stream: session.stream });

    const after = `after=${body.position}`;
    for (const api of [ann, admin]) {
      for (const list of [
        `/v1/sessions?includeDeleted=true&includeArchived=true&q=Ephemeral&${after}`,
        `/v1/messages/search?q=xylophone%20xylophones&${after}`,
        `/v1/executions?sessionId=${session.id}&${after}`,
      ])
        expect((await bodyOf(api.get<Page<unknown>>(list))).items).toEqual([]);
      for (const [path, code] of [
        [`/v1/sessions/${session.id}?${after}`, 'session-not-found'],
        [`/v1/sessions/${session.id}/messages`, 'session-not-found'],
        [`/v1/executions/${execution.id}?${after}`, 'execution-not-found'],
        [`/v1/executions/${ownFork.id}`, 'execution-not-found'],
        [`/v1/executions/${execution.id}/checkpoints`, 'execution-not-found'],
        [`/v1/executions/${execution.id}/timeline`, 'execution-not-found'],
        [`/v1/checkpoints/${checkpoint.id}?${after}`, 'checkpoint-not-found'],
        [`/v1/streams/${session.stream}/events`, 'session-not-found'],
        [`/v1/streams/${session.stream}/state`, 'session-not-found'],
        [`/v1/streams/${session.stream}/lineage?${after}`, 'session-not-found'],
        [`/v1/streams/${execution.stream}/events`, 'execution-not-found'],
        [`/v1/streams/${ownFork.stream}/state`, 'execution-not-found'],
      ] as const)
        expectProblem(await api.get(path), code, 404);
    }
    for (const write of [
      ann.post(`/v1/sessions/${session.id}/restore`),
      ann.post(`/v1/sessions/${session.id}/messages`, { role: 'user', content: 'x' }),
      ann.post('/v1/executions', { sessionId: session.id }),
      ann.post(`/v1/streams/${session.stream}/forks`, { at: 0 }),
      ann.delete(`/v1/sessions/${session.id}?hard=true`),
    ])
      expectProblem(await write, 'session-not-found', 404);
  });

  it('works on one that was deleted already', async () => {
    const { id } = await createSession(ann);
    await bodyOf(ann.delete(`/v1/sessions/${id}`));
    const { position } = await bodyOf(ann.delete(`/v1/sessions/${id}?hard=true`));
    expectProblem(await ann.get(`/v1/sessions/${id}?after=${position}`), 'session-not-found', 404);
  });

  it('is refused while there are forks, names them and changes nothing', async () => {
    const session = await createSession(ann);
    await postMessage(ann, session.id, 'kept');
    const first = await forkOf(ann, session.stream, 1);
    const second = await forkOf(ann, session.stream, 0);
    await bodyOf(ann.get(`/v1/sessions/${second.id}?after=${second.position}`));

    const path = `/v1/sessions/${session.id}`;
    const refused = await ann.delete(`${path}?hard=true`);
    expect(expectProblem(refused, 'stream-has-forks', 409).forks).toEqual([
      { stream: second.stream, at: 0 },
      { stream: first.stream, at: 1 },
    ]);
    expect(await eventsOf(ann, session.stream)).toHaveLength(2);
    expect(await bodyOf(ann.get<SessionView>(path))).toMatchObject({ deleted: false, revision: 1 });
  });

  it('is refused for a deleted session with forks, which stays deleted', async () => {
    const session = await createSession(ann);
    await bodyOf(ann.delete(`/v1/sessions/${session.id}`));
    const fork = await forkOf(ann, session.stream, 0);
    await bodyOf(ann.get(`/v1/sessions/${fork.id}?after=${fork.position}`));
    const refused = await ann.delete(`/v1/sessions/${session.id}?hard=true`);
    expectProblem(refused, 'stream-has-forks', 409);
    expect(await bodyOf(ann.get<SessionView>(`/v1/sessions/${session.id}`))).toMatchObject({
      deleted: true,
      revision: 1,
    });
  });

  it('is refused also for a fork made a moment ago, and leaves the session as it was', async () => {
    for (let round = 0; round < 10; round += 1) {
      const session = await createSession(ann);
      const path = `/v1/sessions/${session.id}`;
      const fork = await forkOf(ann, session.stream, 0);
      const refused = await ann.delete(`${path}?hard=true`, { 'If-Match': '"0"' });
      expect(expectProblem(refused, 'stream-has-forks', 409).forks).toEqual([
        { stream: fork.stream, at: 0 },
      ]);
      const { body } = await ann.get<StateBody>(`/v1/streams/${session.stream}/state`);
      expect(body.state.deleted).toBe(false);
    }
  });

  it('is possible once its forks are gone, and takes nothing from a fork deleted before', async () => {
    const session = await createSession(ann);
    const { id, position } = await forkOf(ann, session.stream, 0);
    await bodyOf(ann.get(`/v1/sessions/${id}?after=${position}`));
    const gone = await bodyOf(ann.delete(`/v1/sessions/${id}?hard=true`));
    const parent = `/v1/sessions/${session.id}`;
    expect((await ann.get(`${parent}?after=${gone.position}`)).status).toBe(200);
    expect((await ann.delete(`${parent}?hard=true`)).status).toBe(200);
  });

  it('is refused at another revision than the one named, and changes nothing', async () => {
    const { id, stream } = await createSession(ann);
    const refused = await ann.delete(`/v1/sessions/${id}?hard=true`, { 'If-Match': '"4"' });
    expect(expectProblem(refused, 'revision-mismatch', 412).currentRevision).toBe(0);
    expect(await eventsOf(ann, stream)).toHaveLength(1);
    expect((await ann.delete(`/v1/sessions/${id}?hard=true`, { 'If-Match': '"0"' })).status).toBe(
      200,
    );
  });
});
