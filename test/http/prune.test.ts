import { describe, expect, it } from '@jest/globals';
import type { CheckpointDetail, CheckpointView } from '../../src/queries/checkpoints.js';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { Timeline } from '../../src/queries/timeline.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  forkOf,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

/** States that are stored as differences for the most part. */
const stateAfter = (n: number) => ({ text: 'always the same. '.repeat(20), step: n });

/** An execution with `count` checkpoints, at revisions 1 to `count`. */
const executionOf = async (count: number, fields: object = {}) => {
  const execution = await startExecution(ann, fields);
  const saved: Written[] = [];
  for (let n = 0; n < count; n += 1)
    saved.push(await saveCheckpoint(ann, execution.id, n, stateAfter(n)));
  return { ...execution, saved };
};
const prune = (id: string, keepLast: unknown) =>
  ann.post<Written & { pruned: number }>(`/v1/executions/${id}/checkpoints/prune`, { keepLast });
const revisions = async (id: string, query: string) =>
  (await everyItem<CheckpointView>(ann, `/v1/executions/${id}/checkpoints?${query}`)).map(
    ({ revision }) => revision,
  );
const inspect = (id: string, query = '') =>
  ann.get<CheckpointDetail>(`/v1/checkpoints/${id}?${query}`);

describe('pruning', () => {
  it('leaves the newest checkpoints, with their states, in lists, timeline and inspection', async () => {
    const { id, stream, saved } = await executionOf(40);
    const { position, pruned, revision } = await bodyOf(prune(id, 5));
    expect({ pruned, revision }).toEqual({ pruned: 35, revision: 41 });
    const after = `after=${position}`;
    expect(await revisions(id, after)).toEqual([36, 37, 38, 39, 40]);
    expect(await revisions(id, `${after}&limit=2`)).toEqual([36, 37, 38, 39, 40]);
    const timeline = await bodyOf(ann.get<Timeline>(`/v1/executions/${id}/timeline?${after}`));
    expect(timeline.items.map(({ revision }) => revision)).toEqual([36, 37, 38, 39, 40]);
    expect(await bodyOf(ann.get<ExecutionView>(`/v1/executions/${id}`))).toMatchObject({
      checkpointCount: 5,
      currentStage: { stage: 'stage-39' },
    });
    for (const [n, checkpoint] of saved.entries()) {
      const shown = await inspect(checkpoint.id, after);
      if (n < 35) expectProblem(shown, 'checkpoint-not-found', 404);
      else expect(shown.body.state).toEqual(stateAfter(n));
    }
    expect((await eventsOf(ann, stream)).at(-1)).toMatchObject({
      type: 'CheckpointsPruned',
      data: { through: 35, count: 35 },
    });
  });

  it('is an event like any other: what came before it is still seen as of then', async () => {
    const { id, stream, saved } = await executionOf(4);
    const { position, revision } = await bodyOf(prune(id, 1));
    expect(await revisions(id, `at=${revision}&after=${position}`)).toEqual([4]);
    expect(await revisions(id, `at=${revision - 1}`)).toEqual([1, 2, 3, 4]);
    expect(await revisions(id, 'at=2')).toEqual([1, 2]);
    const fork = await forkOf(ann, stream, 3);
    const after = `after=${fork.position}`;
    expect(await revisions(fork.id, after)).toEqual([1, 2, 3]);
    const [first] = saved;
    expectProblem(await inspect(first!.id, after), 'checkpoint-not-found', 404);
    expect((await inspect(first!.id, `executionId=${fork.id}`)).body).toMatchObject({
      executionId: fork.id,
      origin: { stream, revision: 1 },
      state: stateAfter(0),
    });
  });

  it('keeps what it keeps, and adds nothing where there is nothing to go', async () => {
    const { id, saved } = await executionOf(3);
    const last = saved.at(-1)!;
    for (const keepLast of [3, 4, 10_000])
      expect((await prune(id, keepLast)).body).toMatchObject({
        ...{ pruned: 0, revision: 3, position: last.position },
      });
    expect((await bodyOf(prune(id, 2))).pruned).toBe(1);
    expect((await bodyOf(prune(id, 2))).pruned).toBe(0);
    const next = await saveCheckpoint(ann, id, 3, stateAfter(3));
    const pruned = await bodyOf(prune(id, 1));
    expect(pruned.pruned).toBe(2);
    expect(await revisions(id, `after=${pruned.position}`)).toEqual([next.revision]);
    expect((await bodyOf(ann.get<ExecutionView>(`/v1/executions/${id}`))).checkpointCount).toBe(1);
    await bodyOf(ann.post(`/v1/executions/${id}/complete`));
    expect((await prune(id, 1)).status).toBe(200);
  });

  it('is of the execution that is named: forks and ancestors keep theirs', async () => {
    const { id, stream } = await executionOf(4);
    const fork = await forkOf(ann, stream, 4);
    const own = await saveCheckpoint(ann, fork.id, 9, stateAfter(9));
    const ofFork = await bodyOf(prune(fork.id, 2));
    expect(ofFork.pruned).toBe(3);
    const after = `after=${ofFork.position}`;
    expect(await revisions(fork.id, after)).toEqual([4, own.revision]);
    expect(await revisions(id, after)).toEqual([1, 2, 3, 4]);
    const child = await forkOf(ann, fork.stream, ofFork.revision);
    expect(await revisions(child.id, `after=${child.position}`)).toEqual([4, own.revision]);
    const view = await bodyOf(ann.get<ExecutionView>(`/v1/executions/${child.id}`));
    expect(view.checkpointCount).toBe(2);
    expect((await bodyOf(prune(child.id, 1))).pruned).toBe(1);
  });

  it('is refused while a fork hangs off a checkpoint that would go, and changes nothing', async () => {
    const { id, stream } = await executionOf(5);
    const fork = await forkOf(ann, stream, 2);
    await forkOf(ann, stream, 4);
    const refused = await prune(id, 3);
    expectProblem(refused, 'stream-has-forks', 409);
    expect(refused.body).toMatchObject({ forks: [{ stream: fork.stream, at: 2 }] });
    expect(await eventsOf(ann, stream)).toHaveLength(6);
    expect((await bodyOf(prune(id, 4))).pruned).toBe(1);
  });

  it('never takes a checkpoint from under a fork that is being made', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { id, stream } = await executionOf(3);
      const [fork, pruned] = await Promise.all([
        ann.post(`/v1/streams/${stream}/forks`, { at: 1 }),
        prune(id, 1),
      ]);
      // Whichever came first: a fork of what is pruned already is a look at the past, and allowed.
      expect(fork.status).toBe(201);
      if (pruned.status === 409) expect(await eventsOf(ann, stream)).toHaveLength(4);
      else expect(Number(pruned.body.position)).toBeLessThan(Number(fork.body.position));
    }
  });

  it('is for the owner, of executions that are there, and keeps one at least', async () => {
    const { id: sessionId } = await createSession(ann);
    const { id } = await executionOf(2, { sessionId });
    const path = `/v1/executions/${id}/checkpoints/prune`;
    expectProblem(await server.as('bob').post(path, { keepLast: 1 }), 'execution-not-found', 404);
    const nowhere = '/v1/executions/0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1e099/checkpoints/prune';
    expectProblem(await ann.post(nowhere, { keepLast: 1 }), 'execution-not-found', 404);
    for (const keepLast of [0, -1, 1.5, '1', null, 10_001])
      expectProblem(await prune(id, keepLast), 'bad-request', 400);
    const stale = await ann.post(path, { keepLast: 1 }, { 'If-Match': '"1"' });
    expectProblem(stale, 'revision-mismatch', 412);
  });
});
