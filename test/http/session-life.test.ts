import { describe, expect, it } from '@jest/globals';
import type { SessionView } from '../../src/queries/sessions.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, postMessage } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

/** A move and its body, by name. */
const moves: Readonly<Record<string, readonly [path: string, body: object]>> = {
  active: ['transitions', { status: 'active' }],
  processing: ['transitions', { status: 'processing' }],
  completed: ['transitions', { status: 'completed' }],
  failed: ['transitions', { status: 'failed', reason: 'out of tokens' }],
  pause: ['pause', { reason: 'lunch' }],
  resume: ['resume', {}],
  terminate: ['terminate', { reason: 'done for' }],
};

const move = (id: string, name: string) => {
  const [path, body] = moves[name]!;
  return ann.post(`/v1/sessions/${id}/${path}`, body);
};

/** How a new session comes to each status. */
const ways: Readonly<Record<string, readonly string[]>> = {
  created: [],
  active: ['active'],
  processing: ['active', 'processing'],
  paused: ['active', 'pause'],
  completed: ['active', 'completed'],
  failed: ['active', 'failed'],
  terminated: ['terminate'],
};

const comeTo = async (status: string): Promise<Written> => {
  let session = await createSession(ann, { title: status });
  for (const name of ways[status]!) session = await bodyOf(move(session.id, name));
  return session;
};

/** Where each move leads, by status; what is missing is refused. */
const leads: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  created: { active: 'active', terminate: 'terminated' },
  active: {
    active: 'active',
    resume: 'active',
    processing: 'processing',
    pause: 'paused',
    completed: 'completed',
    failed: 'failed',
    terminate: 'terminated',
  },
  processing: {
    active: 'active',
    processing: 'processing',
    completed: 'completed',
    failed: 'failed',
    terminate: 'terminated',
  },
  paused: { resume: 'active', pause: 'paused', terminate: 'terminated' },
  completed: { completed: 'completed', terminate: 'terminated' },
  failed: { failed: 'failed', terminate: 'terminated' },
  terminated: { terminate: 'terminated' },
};

const found = async ({ id, position }: Written): Promise<SessionView> =>
  bodyOf(ann.get<SessionView>(`/v1/sessions/${id}?after=${position}`));

describe.each(Object.keys(leads))('a session that is %s', (status) => {
  it.each(Object.keys(moves))('answers %s as the rules say', async (name) => {
    const session = await comeTo(status);
    const reply = await move(session.id, name);
    const leadsTo = leads[status]![name];
    if (leadsTo === undefined) {
      expectProblem(reply, 'session-transition-not-allowed', 409);
      expect(await eventsOf(ann, session.stream)).toHaveLength(session.revision + 1);
      expect((await found(session)).status).toBe(status);
    } else {
      expect(reply.status).toBe(200);
      expect(reply.body.revision).toBe(session.revision + (leadsTo === status ? 0 : 1));
      expect((await found(reply.body)).status).toBe(leadsTo);
    }
  });
});

describe('the life of a session', () => {
  it('keeps the reasons given in its events', async () => {
    const { id, stream } = await createSession(ann);
    for (const name of ['active', 'pause', 'resume', 'failed', 'terminate'])
      await bodyOf(move(id, name));
    const events = await eventsOf(ann, stream);
    expect(events.map(({ type, data }) => [type, data.reason ?? data.error])).toEqual([
      ['SessionCreated', undefined],
      ['SessionActivated', undefined],
      ['SessionPaused', 'lunch'],
      ['SessionResumed', undefined],
      ['SessionFailed', 'out of tokens'],
      ['SessionTerminated', 'done for'],
    ]);
  });

  it.each(['paused', 'terminated'])('takes no messages while it is %s', async (status) => {
    const { id } = await comeTo(status);
    const reply = await ann.post(`/v1/sessions/${id}/messages`, { role: 'user', content: 'hi' });
    expectProblem(reply, 'session-not-active', 409);
  });

  it('takes a new title, archiving and metadata in one go, and nothing twice', async () => {
    const { id, stream } = await createSession(ann, { title: 'Old', metadata: { a: 1 } });
    const change = { title: 'New', archived: true, metadata: { b: { c: [1, 2] } } };
    const written = await bodyOf(ann.patch(`/v1/sessions/${id}`, change));
    expect(written.revision).toBe(3);
    expect(await found(written)).toMatchObject({ ...change, revision: 3 });
    expect((await bodyOf(ann.patch(`/v1/sessions/${id}`, change))).revision).toBe(3);
    const back = await bodyOf(ann.patch(`/v1/sessions/${id}`, { archived: false }));
    expect(await found(back)).toMatchObject({ title: 'New', archived: false, revision: 4 });
    expect(await eventsOf(ann, stream)).toHaveLength(5);
  });
});

describe('resuming into a fork', () => {
  it('forks a paused session at its head, leaving it paused', async () => {
    const session = await createSession(ann, { title: 'Fork me' });
    await bodyOf(move(session.id, 'active'));
    await postMessage(ann, session.id, 'before');
    const paused = await bodyOf(move(session.id, 'pause'));
    const reply = await ann.post(`/v1/sessions/${session.id}/resume`, {
      fork: true,
      reason: 'another way',
    });
    expect(reply.status).toBe(201);
    const fork = reply.body;
    expect(fork.id).not.toBe(session.id);
    expect(reply.headers.get('location')).toBe(`/v1/sessions/${fork.id}`);
    expect(await found(fork)).toMatchObject({
      status: 'active',
      title: 'Fork me',
      messageCount: 1,
      forkedFrom: { stream: session.stream, revision: paused.revision },
      revision: paused.revision + 2,
    });
    expect(await found({ ...paused, position: fork.position })).toMatchObject({ status: 'paused' });
    const [forked, resumed] = (await eventsOf(ann, fork.stream)).slice(-2);
    expect(forked).toMatchObject({ type: 'StreamForked', data: { reason: 'another way' } });
    expect(resumed!.type).toBe('SessionResumed');
  });

  it('is refused for a session that cannot be resumed', async () => {
    const { id, revision } = await comeTo('completed');
    const resume = `/v1/sessions/${id}/resume`;
    expectProblem(await ann.post(resume, { fork: true }), 'session-transition-not-allowed', 409);
    const stale = await ann.post(resume, { fork: true }, { 'If-Match': '"0"' });
    expect(expectProblem(stale, 'revision-mismatch', 412).currentRevision).toBe(revision);
  });

  it('says nothing of a session of someone else, not even its revision', async () => {
    const { id } = await comeTo('paused');
    const resume = `/v1/sessions/${id}/resume`;
    const bob = server.as('bob');
    expectProblem(await bob.post(resume, { fork: true }), 'session-not-found', 404);
    const conditional = await bob.post(resume, { fork: true }, { 'If-Match': '"0"' });
    expectProblem(conditional, 'session-not-found', 404);
  });
});
