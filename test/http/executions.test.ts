import { describe, expect, it } from '@jest/globals';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');
const bob = server.as('bob');

const found = ({ id, position }: Written): Promise<ExecutionView> =>
  bodyOf(ann.get<ExecutionView>(`/v1/executions/${id}?after=${position}`));

const pipeline = {
  name: 'solve',
  stages: [
    { name: 'plan', agent: 'planner' },
    { name: 'code', agent: 'coder', queue: 'code' },
  ],
};

describe('starting an execution', () => {
  it('keeps its session, request, pipeline and input', async () => {
    const session = await createSession(ann);
    const fields = {
      sessionId: session.id,
      requestId: 'req-1',
      pipeline,
      input: { goal: [1, 'x'] },
    };
    const { status, headers, body } = await ann.post('/v1/executions', fields);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/executions/${body.id}`);
    expect(headers.get('etag')).toBe('"0"');
    expect(body).toMatchObject({ stream: `execution-${body.id}`, revision: 0 });
    const execution = await found(body);
    expect(execution).toEqual({
      ...fields,
      id: body.id,
      userId: 'ann',
      status: 'running',
      checkpointCount: 0,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: execution.createdAt,
      revision: 0,
    });
  });

  it('needs nothing but to be asked for', async () => {
    const execution = await found(await startExecution(ann));
    expect(execution).toMatchObject({ input: null, status: 'running' });
    expect(execution).not.toHaveProperty('sessionId');
  });

  it('belongs to the owner of its session, also when an administrator starts it', async () => {
    const session = await createSession(ann);
    const started = await startExecution(server.as(), { sessionId: session.id });
    expect((await found(started)).userId).toBe('ann');
    const [event] = await eventsOf(ann, started.stream);
    expect(event!.metadata).toMatchObject({
      userId: 'local',
      ownerId: 'ann',
      $correlationId: session.id,
    });
  });

  it('is refused in a session of someone else, and in one that is not there', async () => {
    const { id: sessionId } = await createSession(ann);
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1d001';
    expectProblem(await bob.post('/v1/executions', { id, sessionId }), 'session-not-found', 404);
    expectProblem(
      await ann.post('/v1/executions', { id, sessionId: id }),
      'session-not-found',
      404,
    );
    expectProblem(await ann.get(`/v1/streams/execution-${id}/events`), 'execution-not-found', 404);
  });

  it('adds nothing a second time and refuses other content under its id', async () => {
    const fields = { id: '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1d002', requestId: 'r', pipeline };
    const first = await startExecution(ann, fields);
    expect(await startExecution(ann, fields)).toEqual(first);
    for (const other of [
      ann.post('/v1/executions', { ...fields, requestId: 's' }),
      ann.post('/v1/executions', { id: fields.id }),
      bob.post('/v1/executions', fields),
    ])
      expectProblem(await other, 'execution-already-exists', 409);
    expect(await eventsOf(ann, first.stream)).toHaveLength(1);
  });
});

describe('ending an execution', () => {
  const ends: readonly (readonly [end: string, body: object, shown: object])[] = [
    ['complete', { output: { answer: 42 } }, { status: 'completed', output: { answer: 42 } }],
    ['complete', {}, { status: 'completed' }],
    ['fail', { error: 'out of memory' }, { status: 'failed', error: 'out of memory' }],
    ['cancel', { reason: 'changed my mind' }, { status: 'cancelled', reason: 'changed my mind' }],
    ['cancel', {}, { status: 'cancelled' }],
  ];

  it.each(ends)('by %s %j is shown, and asked for again adds nothing', async (end, body, shown) => {
    const { id, stream } = await startExecution(ann);
    const path = `/v1/executions/${id}/${end}`;
    const { status, body: ended, headers } = await ann.post(path, body);
    expect({ status, revision: ended.revision, etag: headers.get('etag') }).toEqual({
      status: 200,
      revision: 1,
      etag: '"1"',
    });
    expect(await bodyOf(ann.post(path, body))).toEqual(ended);
    expect(await found(ended)).toMatchObject({ ...shown, finishedAt: expect.stringMatching(/Z$/) });
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it.each(ends)('by %s %j refuses whatever else would follow', async (end, body, _shown) => {
    const { id, stream } = await startExecution(ann);
    const saved = await saveCheckpoint(ann, id, 0, { step: 0 });
    const path = `/v1/executions/${id}`;
    await bodyOf(ann.post(`${path}/${end}`, body));
    for (const refused of [
      ann.post(`${path}/complete`, { output: 'other' }),
      ann.post(`${path}/fail`, { error: 'other' }),
      ann.post(`${path}/cancel`, { reason: 'other' }),
      ann.post(`${path}/checkpoints`, { agent: 'a', stage: 's', stageOrder: 1, state: {} }),
    ])
      expectProblem(await refused, 'execution-already-finished', 409);
    const again = { agent: 'solver', stage: 'stage-0', stageOrder: 0, state: { step: 0 } };
    const repeated = await ann.post(`${path}/checkpoints`, { id: saved.id, ...again });
    expect(repeated.status).toBe(201);
    expect(await eventsOf(ann, stream)).toHaveLength(3);
  });

  it('is not for those who do not own it', async () => {
    const { id } = await startExecution(ann);
    for (const [end, body] of ends)
      expectProblem(
        await bob.post(`/v1/executions/${id}/${end}`, body),
        'execution-not-found',
        404,
      );
  });
});

describe('lists of executions', () => {
  it('show the newest activity first, narrowed by session and status', async () => {
    const cleo = server.as('cleo');
    const session = await createSession(cleo);
    const inSession = await startExecution(cleo, { sessionId: session.id });
    const alone = await startExecution(cleo);
    const { position } = await bodyOf(cleo.post(`/v1/executions/${inSession.id}/complete`));
    const list = async (query: string, api = cleo) =>
      (await everyItem<ExecutionView>(api, `/v1/executions?after=${position}&${query}`)).map(
        ({ id }) => id,
      );
    expect(await list('')).toEqual([inSession.id, alone.id]);
    expect(await list('limit=1')).toEqual([inSession.id, alone.id]);
    expect(await list('status=running')).toEqual([alone.id]);
    expect(await list(`sessionId=${session.id}`)).toEqual([inSession.id]);
    expect(await list(`sessionId=${session.id}&status=failed`)).toEqual([]);
    expect(await list(`sessionId=${session.id}`, bob)).toEqual([]);
    expect(await list(`sessionId=${session.id}`, server.as())).toEqual([inSession.id]);
  });
});
