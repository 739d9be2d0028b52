import { describe, expect, it } from '@jest/globals';
import type { EventItem, Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const forkline = sharing();
const ann = forkline.as('ann');
const bob = forkline.as('bob');
const root = forkline.as();

const unknown = '00000000-0000-7000-8000-000000000000';
const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

const raise = async (fields: object = {}): Promise<Written> => {
  const { id: sessionId } = await createSession(ann);
  return bodyOf(
    ann.post('/v1/interrupts', { kind: 'confirmation', requestId: 'r-1', sessionId, ...fields }),
  );
};

type Interrupt = Readonly<Record<string, unknown>>;

const interruptOf = async ({ id, position }: Written): Promise<Interrupt> =>
  bodyOf(ann.get<Interrupt>(`/v1/interrupts/${id}?after=${position}`));

const secondsBetween = (from: unknown, to: unknown) =>
  (Date.parse(String(to)) - Date.parse(String(from))) / 1_000;

describe('raising an interrupt', () => {
  it('answers where it is, and shows it as its kind has it', async () => {
    const { id: sessionId } = await createSession(ann);
    const reply = await ann.post(
      '/v1/interrupts',
      {
        ...{ kind: 'confirmation', requestId: 'r-1', sessionId, question: 'Deploy?' },
        ...{ message: 'Version 2 is ready', data: { version: 2 } },
      },
      trace,
    );
    expect(reply.status).toBe(201);
    const { id, stream, revision } = reply.body;
    expect({ stream, revision }).toEqual({ stream: `interrupt-${id}`, revision: 0 });
    expect(reply.headers.get('location')).toBe(`/v1/interrupts/${id}`);
    expect(reply.headers.get('etag')).toBe('"0"');
    const interrupt = await interruptOf(reply.body);
    expect(interrupt).toEqual({
      ...{ id, status: 'pending', kind: 'confirmation', requestId: 'r-1', sessionId },
      ...{ userId: 'ann', question: 'Deploy?', message: 'Version 2 is ready' },
      ...{ data: { version: 2 }, responses: ['approved'], requiresResponse: true },
      ...{ topic: 'interrupt.confirmation_needed', ttlSeconds: 3_600, revision: 0 },
      ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' },
      expiresAt: expect.any(String),
      createdAt: expect.any(String),
      updatedAt: interrupt.createdAt,
    });
    expect(secondsBetween(interrupt.createdAt, interrupt.expiresAt)).toBeCloseTo(3_600, -1);
  });

  it.each([
    ['clarification', 86_400, ['text'], true],
    ['confirmation', 3_600, ['approved'], true],
    ['agent_review', 1_800, ['decision'], true],
    ['checkpoint', undefined, ['text', 'approved', 'decision'], false],
    ['resource_exhausted', 300, ['text', 'approved', 'decision'], false],
    ['timeout', 300, ['text', 'approved', 'decision'], false],
    ['system_error', 3_600, ['text', 'approved', 'decision'], false],
  ])('of the kind %s waits %p seconds', async (kind, ttlSeconds, responses, requiresResponse) => {
    const interrupt = await interruptOf(await raise({ kind }));
    expect(interrupt).toMatchObject({ kind, responses, requiresResponse });
    expect(interrupt.ttlSeconds).toBe(ttlSeconds);
    expect('expiresAt' in interrupt).toBe(ttlSeconds !== undefined);
  });

  it('waits as long as is asked for, or for ever', async () => {
    const short = await interruptOf(await raise({ ttlSeconds: 90.5 }));
    expect(secondsBetween(short.createdAt, short.expiresAt)).toBeCloseTo(90.5, -1);
    const long = await interruptOf(await raise({ ttlSeconds: null }));
    expect('expiresAt' in long).toBe(false);
  });

  it('again under the same id is the same, and something else under it is refused', async () => {
    const { id: sessionId } = await createSession(ann);
    const interrupt = { id: unknown.replace('7000', '7001'), kind: 'checkpoint', requestId: 'r' };
    const first = await ann.post('/v1/interrupts', { ...interrupt, sessionId });
    const again = await ann.post('/v1/interrupts', { ...interrupt, sessionId });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    const other = { ...interrupt, sessionId, question: 'What?' };
    expectProblem(await ann.post('/v1/interrupts', other), 'interrupt-already-exists', 409);
    const { id: bobs } = await createSession(bob);
    const stolen = { ...interrupt, sessionId: bobs };
    expectProblem(await bob.post('/v1/interrupts', stolen), 'interrupt-already-exists', 409);
  });

  it.each([
    ['a kind that is none', { kind: 'question' }, 'kind'],
    ['no request', { requestId: undefined }, 'requestId'],
    ['no session', { sessionId: undefined }, 'sessionId'],
    ['no time at all', { ttlSeconds: 0 }, 'ttlSeconds'],
    ['more than ten years', { ttlSeconds: 315_360_001 }, 'ttlSeconds'],
    ['a time in words', { ttlSeconds: '1 h' }, 'ttlSeconds'],
    ['data that is no object', { data: [1] }, 'data'],
    ['a field of its own', { answer: 'yes' }, 'answer'],
  ])('is refused with %s', async (_, fields, path) => {
    const { id: sessionId } = await createSession(ann);
    const asked = { kind: 'checkpoint', requestId: 'r', sessionId, ...fields };
    const { errors } = expectProblem(await ann.post('/v1/interrupts', asked), 'bad-request', 400);
    expect(errors?.map((error) => error.path)).toEqual([path]);
  });

  it('needs a session, and an execution if one is named, that the caller may see', async () => {
    const { id: sessionId } = await createSession(bob);
    const interrupt = { kind: 'checkpoint', requestId: 'r' };
    for (const named of [{ sessionId }, { sessionId: unknown }])
      expectProblem(
        await ann.post('/v1/interrupts', { ...interrupt, ...named }),
        'session-not-found',
        404,
      );
    const { id: own } = await createSession(ann);
    const { id: executionId } = await startExecution(bob);
    expectProblem(
      await ann.post('/v1/interrupts', { ...interrupt, sessionId: own, executionId }),
      'execution-not-found',
      404,
    );
  });

  it('by an administrator is for whom the session belongs to', async () => {
    const { id: sessionId } = await createSession(ann);
    const { id: executionId } = await startExecution(ann, { sessionId });
    const interrupt = { kind: 'checkpoint', requestId: 'r', sessionId, executionId };
    const written = await bodyOf(root.post('/v1/interrupts', interrupt));
    expect(await interruptOf(written)).toMatchObject({ userId: 'ann', executionId });
  });

  it.each([
    ['terminated', 'post', '/terminate'],
    ['deleted', 'delete', ''],
  ] as const)('is refused in a session that is %s', async (_, method, action) => {
    const { id: sessionId } = await createSession(ann);
    const path = `/v1/sessions/${sessionId}${action}`;
    await bodyOf(method === 'post' ? ann.post(path) : ann.delete(path));
    const interrupt = { kind: 'checkpoint', requestId: 'r', sessionId };
    expectProblem(await ann.post('/v1/interrupts', interrupt), 'session-not-active', 409);
  });
});

describe('an answer', () => {
  const respond = (id: string, answer: object, as = ann) =>
    as.post(`/v1/interrupts/${id}/respond`, answer);

  it.each([
    ['clarification', { text: 'the blue one', data: { sure: true } }],
    ['confirmation', { approved: false }],
    ['agent_review', { decision: 'merge' }],
    ['checkpoint', {}],
    ['checkpoint', { data: { resume: true } }],
    ['resource_exhausted', { approved: true, text: 'double it' }],
    ['timeout', { decision: 'retry' }],
    ['system_error', { text: 'fixed' }],
  ])('settles a %s with %j', async (kind, answer) => {
    const { id } = await raise({ kind });
    const reply = await respond(id, answer);
    expect([reply.status, reply.body.revision]).toEqual([200, 1]);
    const interrupt = await interruptOf(reply.body);
    expect(interrupt).toMatchObject({
      ...{ status: 'resolved', response: answer, respondedBy: 'ann', revision: 1 },
      settledAt: interrupt.updatedAt,
    });
  });

  it.each([
    ['clarification', { approved: true }, 'approved', 'is not asked for; asked for: text'],
    ['clarification', {}, 'text', 'is asked for'],
    ['confirmation', { text: 'yes' }, 'text', 'is not asked for; asked for: approved'],
    ['confirmation', { data: { yes: true } }, 'approved', 'is asked for'],
    ['agent_review', { decision: 'merge', approved: true }, 'approved', 'is not asked for'],
  ])('to a %s may not be %j', async (kind, answer, path, message) => {
    const { id } = await raise({ kind });
    const problem = expectProblem(await respond(id, answer), 'response-not-fitting', 400);
    expect(problem.errors).toEqual([{ path, message: expect.stringContaining(message) }]);
    expect((await eventsOf(ann, `interrupt-${id}`)).length).toBe(1);
  });

  it('of another shape is malformed', async () => {
    const { id } = await raise();
    expectProblem(await respond(id, { approved: 'yes' }), 'bad-request', 400);
    expectProblem(await respond(id, { approved: true, mood: 'good' }), 'bad-request', 400);
  });

  it('given again by the same person is the same answer', async () => {
    const { id } = await raise();
    const first = await respond(id, { approved: true });
    const again = await respond(id, { approved: true });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
  });

  it('that comes second is told who came first, and when', async () => {
    const { id } = await raise();
    await bodyOf(respond(id, { approved: true }, root));
    const [, resolved] = await eventsOf(ann, `interrupt-${id}`);
    const settled = {
      ...{ status: 'resolved', respondedBy: 'local' },
      settledAt: resolved?.created,
    };
    for (const late of [
      await respond(id, { approved: true }),
      await respond(id, { approved: false }),
      await ann.post(`/v1/interrupts/${id}/cancel`),
    ])
      expect(expectProblem(late, 'interrupt-already-settled', 409)).toMatchObject({ settled });
  });

  it('by someone else is not possible', async () => {
    const { id } = await raise();
    expectProblem(await respond(id, { approved: true }, bob), 'interrupt-not-found', 404);
    expectProblem(await bob.post(`/v1/interrupts/${id}/cancel`), 'interrupt-not-found', 404);
    expectProblem(await bob.get(`/v1/interrupts/${id}`), 'interrupt-not-found', 404);
    expectProblem(await respond(unknown, { approved: true }), 'interrupt-not-found', 404);
  });

  it('is one of twenty at once', async () => {
    const { id } = await raise({ kind: 'clarification' });
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => respond(id, { text: `answer ${n}` })),
    );
    const won = replies.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const [, resolved, ...more] = await eventsOf(ann, `interrupt-${id}`);
    expect(more).toEqual([]);
    const settled = { status: 'resolved', respondedBy: 'ann', settledAt: resolved?.created };
    for (const late of replies.filter(({ status }) => status !== 200))
      expect(expectProblem(late, 'interrupt-already-settled', 409)).toMatchObject({ settled });
  });

  it('only counts at the revision it is for, if it names one', async () => {
    const { id } = await raise();
    const path = `/v1/interrupts/${id}/respond`;
    expectProblem(
      await ann.post(path, { approved: true }, { 'If-Match': '"1"' }),
      'revision-mismatch',
      412,
    );
    expect((await ann.post(path, { approved: true }, { 'If-Match': '"0"' })).status).toBe(200);
  });
});

describe('cancelling', () => {
  it('settles an interrupt, once', async () => {
    const { id } = await raise();
    const path = `/v1/interrupts/${id}/cancel`;
    const cancelled = await bodyOf(ann.post(path, { reason: 'found it' }));
    expect(await interruptOf(cancelled)).toMatchObject({ status: 'cancelled', reason: 'found it' });
    expect(await bodyOf(ann.post(path))).toEqual(cancelled);
    const late = await ann.post(`/v1/interrupts/${id}/respond`, { approved: true });
    const problem = expectProblem(late, 'interrupt-already-settled', 409);
    expect(problem).toMatchObject({ settled: { status: 'cancelled' } });
    expect(problem.detail).toContain('cancelled');
  });
});

describe('time', () => {
  const expiredEvent = async (id: string): Promise<EventItem> => {
    for (;;) {
      const expired = (await eventsOf(ann, `interrupt-${id}`)).find(
        ({ type }) => type === 'InterruptExpired',
      );
      if (expired) return expired;
    }
  };

  it('makes an interrupt expire, by an event, and then it takes no answer', async () => {
    const { id } = await raise({ ttlSeconds: 0.2 });
    const { position, metadata } = await expiredEvent(id);
    expect(metadata).toMatchObject({ userId: 'forkline', ownerId: 'ann', requestId: 'deadlines' });
    const interrupt = await bodyOf(ann.get<Interrupt>(`/v1/interrupts/${id}?after=${position}`));
    expect(interrupt.status).toBe('expired');
    const late = await ann.post(`/v1/interrupts/${id}/respond`, { approved: true });
    expect(expectProblem(late, 'interrupt-already-settled', 409)).toMatchObject({
      settled: { status: 'expired' },
    });
  });

  it('that is up refuses an answer before anyone has noted it', async () => {
    const { id } = await raise({ ttlSeconds: 0.001 });
    const interrupt = await interruptOf(await raise({ ttlSeconds: 0.001 }));
    const late = await ann.post(`/v1/interrupts/${id}/respond`, { approved: true });
    expect(expectProblem(late, 'interrupt-already-settled', 409)).toMatchObject({
      settled: { status: 'expired' },
    });
    expect(interrupt.ttlSeconds).toBe(0.001);
  });
});
