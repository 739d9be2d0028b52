import { describe, expect, it } from '@jest/globals';
import { v4 } from 'uuid';
import type { CheckpointDetail, CheckpointView } from '../../src/queries/checkpoints.js';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { EventItem, Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, eventsOf, everyItem, saveCheckpoint, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

type Replayed = Written &
  Readonly<{
    originalCheckpointId: string;
    executionId: string;
    checkpointId: string;
    taskId?: string;
  }>;

const pipeline = {
  name: 'report',
  stages: [
    { name: 'plan', agent: 'planner' },
    { name: 'write', agent: 'writer', queue: 'nobody' },
    { name: 'check', agent: 'person' },
  ],
};
const planned = { agent: 'planner', stage: 'plan' };

/** A run of two checkpoints that its owner saved and completed, without a worker. */
const finishedRun = async () => {
  const { id, stream } = await startExecution(ann, {
    ...{
      pipeline: { ...pipeline, stages: pipeline.stages.map(({ queue: _, ...stage }) => stage) },
    },
    input: 'go',
  });
  const first = await saveCheckpoint(ann, id, 0, { plan: [1, 2], old: true }, planned);
  await saveCheckpoint(ann, id, 1, { text: 'x' }, { stage: 'write' });
  await bodyOf(ann.post(`/v1/executions/${id}/complete`, { output: 1 }));
  return { id, stream, first };
};
/** A run that waits for a worker of its second stage. */
const waitingRun = async () => {
  const { id, stream } = await startExecution(ann, { pipeline });
  const fields = { ...planned, outputs: ['o'], processing: [{ ms: 1 }] };
  const first = await saveCheckpoint(ann, id, 0, { plan: [1, 2], old: true }, fields);
  return { id, stream, first };
};
const replay = (checkpoint: Written, body: object = {}, headers = {}) =>
  ann.post<Replayed>(
    `/v1/checkpoints/${checkpoint.id}/replay?after=${checkpoint.position}`,
    body,
    headers,
  );
const typesIn = (events: readonly EventItem[]) => events.map(({ type }) => type);
const inspect = ({ position }: Written, id: string) =>
  bodyOf(ann.get<CheckpointDetail>(`/v1/checkpoints/${id}?after=${position}`));

describe('replaying a checkpoint', () => {
  it('forks its execution there, which runs though the original is over', async () => {
    const { stream, first } = await finishedRun();
    const reply = await replay(first, { reason: 'once more' });
    const { body } = reply;
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(`/v1/executions/${body.executionId}`);
    expect(body).toMatchObject({
      ...{ id: body.executionId, stream: `execution-${body.executionId}`, revision: 2 },
      ...{ originalCheckpointId: first.id, checkpointId: first.id },
    });
    expect(body).not.toHaveProperty('taskId');
    const events = await eventsOf(ann, body.stream);
    expect(typesIn(events)).toEqual(['ExecutionStarted', 'CheckpointSaved', 'StreamForked']);
    expect(events[2]!.data).toMatchObject({ reason: 'once more' });
    const { body: view } = await ann.get<ExecutionView>(
      `/v1/executions/${body.executionId}?after=${body.position}`,
    );
    expect(view).toMatchObject({
      ...{ status: 'running', input: 'go', checkpointCount: 1 },
      forkedFrom: { stream, revision: 1 },
    });
  });

  it('merges modifications into the state, and leaves the original as it was', async () => {
    const { id, stream, first } = await waitingRun();
    const before = await eventsOf(ann, stream);
    const modifications = { plan: [3], old: null, deep: { a: 1, gone: null } };
    const body = await bodyOf(replay(first, { modifications }));
    expect(body.checkpointId).not.toBe(first.id);
    expect(await inspect(body, body.checkpointId)).toMatchObject({
      ...{ executionId: body.executionId, agent: 'planner', stage: 'plan', stageOrder: 0 },
      ...{ outputs: ['o'], revision: 3 },
    });
    const saved = await inspect(body, body.checkpointId);
    expect(saved.state).toEqual({ plan: [3], deep: { a: 1 } });
    expect(saved).not.toHaveProperty('processing');
    expect((await inspect(body, first.id)).state).toEqual({ plan: [1, 2], old: true });
    const list = (of: string) =>
      everyItem<CheckpointView>(ann, `/v1/executions/${of}/checkpoints?`);
    expect((await list(body.executionId)).map(({ id: each }) => each)).toEqual([
      first.id,
      body.checkpointId,
    ]);
    expect(await list(id)).toHaveLength(1);
    // The pipeline of the original went on; the fork's stands still.
    expect((await eventsOf(ann, stream)).slice(0, before.length)).toEqual(before);
    const { body: view } = await ann.get<ExecutionView>(`/v1/executions/${body.executionId}`);
    expect(view).toMatchObject({ held: true, currentStage: { stage: 'plan' } });
  });

  it('makes no checkpoint of its own where nothing is modified', async () => {
    const { first } = await finishedRun();
    const body = await bodyOf(replay(first, { modifications: {} }));
    expect(body.checkpointId).toBe(first.id);
    expect(await eventsOf(ann, body.stream)).toHaveLength(3);
  });

  it('puts the next stage on its queue when it is to be resumed, in the same step', async () => {
    const { first } = await waitingRun();
    const body = await bodyOf(replay(first, { resume: true, modifications: { plan: [3] } }));
    const events = await eventsOf(ann, body.stream);
    expect(typesIn(events)).toEqual([
      ...['ExecutionStarted', 'CheckpointSaved', 'StreamForked', 'CheckpointSaved'],
      'StageDispatched',
    ]);
    expect(events.at(-1)).toMatchObject({
      revision: body.revision,
      data: { stage: 'write', stageOrder: 1, taskId: body.taskId },
    });
    const view = `/v1/executions/${body.executionId}/timeline?after=${body.position}`;
    expect(await bodyOf(ann.get(view))).toMatchObject({
      currentStage: { stage: 'write', agent: 'writer', stageOrder: 1 },
      dispatched: { stage: 'write', taskId: body.taskId },
    });
    expect((await ann.get(`/v1/streams/task-${body.taskId}/state`)).status).toBeLessThan(500);
  });

  it('is refused whole where there is no stage to resume', async () => {
    const { first } = await finishedRun();
    expectProblem(await replay(first, { resume: true }), 'stage-not-queued', 409);
    const { id, position } = await startExecution(ann);
    const lone = await saveCheckpoint(ann, id, 0, {});
    expectProblem(await replay(lone, { resume: true }), 'stage-not-queued', 409);
    const forks = await bodyOf(
      ann.get<{ tree: { forks: unknown[] } }>(
        `/v1/streams/execution-${id}/lineage?after=${position}`,
      ),
    );
    expect(forks.tree.forks).toEqual([]);
  });

  it('is done once under one idempotency key', async () => {
    const { first } = await waitingRun();
    const key = { 'Idempotency-Key': 'again' };
    const asked = { resume: true, modifications: { n: 1 } };
    const once = await bodyOf(replay(first, asked, key));
    expect(await bodyOf(replay(first, asked, key))).toEqual(once);
    expect(await eventsOf(ann, once.stream)).toHaveLength(5);
  });

  it('is carried out under a key whose request came before its read model knew the checkpoint', async () => {
    const { id } = await waitingRun();
    const later = v4();
    const path = `/v1/checkpoints/${later}/replay`;
    const key = { 'Idempotency-Key': 'too early' };
    expectProblem(await ann.post(path, {}, key), 'checkpoint-not-found', 404);
    await inspect(await saveCheckpoint(ann, id, 0, { n: 2 }, { id: later }), later);
    expect((await ann.post(path, {}, key)).status).toBe(201);
  });

  it('is of checkpoints that are there for the caller', async () => {
    const { id, first } = await waitingRun();
    const path = `/v1/checkpoints/${first.id}/replay?after=${first.position}`;
    expectProblem(await server.as('bob').post(path, {}), 'checkpoint-not-found', 404);
    const nowhere = '/v1/checkpoints/0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1e099/replay';
    expectProblem(await ann.post(nowhere, {}), 'checkpoint-not-found', 404);
    const second = await saveCheckpoint(ann, id, 0, { n: 2 });
    const { position } = await bodyOf(
      ann.post(`/v1/executions/${id}/checkpoints/prune`, { keepLast: 1 }),
    );
    expectProblem(await replay({ ...first, position }), 'checkpoint-not-found', 404);
    expect((await replay({ ...second, position })).status).toBe(201);
  });

  it.each([
    { modifications: [] },
    { modifications: 'x' },
    { modifications: { __proto__x: 1 }, resume: 'yes' },
    { more: 1 },
  ])('takes no other body: %j', async (body) => {
    const { first } = await finishedRun();
    expectProblem(await replay(first, body), 'bad-request', 400);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('takes no key %s', async (key) => {
    const { first } = await finishedRun();
    const reply = await ann.send('POST', `/v1/checkpoints/${first.id}/replay`, {
      headers: { 'Content-Type': 'application/json' },
      body: `{"modifications":{"a":{"${key}":{"polluted":true}}}}`,
    });
    expectProblem(reply, 'bad-request', 400);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('resuming an execution', () => {
  it('dispatches the next stage of a fork that stands still', async () => {
    const { first } = await waitingRun();
    const { executionId } = await bodyOf(replay(first));
    const path = `/v1/executions/${executionId}/resume`;
    const resumed = await bodyOf(ann.post(path));
    expect(typesIn(await eventsOf(ann, resumed.stream)).at(-1)).toBe('StageDispatched');
    expect((await bodyOf(ann.post(path))).revision).toBe(resumed.revision);
    const { body } = await ann.get<ExecutionView>(
      `/v1/executions/${executionId}?after=${resumed.position}`,
    );
    expect(body).not.toHaveProperty('held');
  });

  it('is refused when there is nothing to dispatch, or all is over', async () => {
    const { id } = await startExecution(ann);
    const path = `/v1/executions/${id}/resume`;
    expectProblem(await ann.post(path), 'stage-not-queued', 409);
    await bodyOf(ann.post(`/v1/executions/${id}/cancel`));
    expectProblem(await ann.post(path), 'execution-already-finished', 409);
    expectProblem(await server.as('bob').post(path), 'execution-not-found', 404);
  });
});
