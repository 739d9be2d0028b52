import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckpointDetail, CheckpointView } from '../../src/queries/checkpoints.js';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  eventsOf,
  everyItem,
  forkOf,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

type Step = Readonly<{ n: number; text: string; 'odd/key~': readonly number[] | null }>;

/** What an agent keeps after `count` steps: it grows at the end, changes in the middle and forgets. */
const stateAfter = (count: number): object => ({
  goal: 'A long text that never changes, so that a difference is small against the whole. '.repeat(
    4,
  ),
  steps: Array.from(
    { length: count },
    (_, n): Step => ({ n, text: `step ${n}`, 'odd/key~': n === count >> 1 ? [count, n] : null }),
  ),
  scratch: { [`only-${count % 4}`]: count, '': count % 2 === 0 },
  ...(count % 7 === 0 && { shrinking: Array.from({ length: 10 - (count % 10) }, (_, n) => n) }),
  type: count % 6 === 0 ? [count] : { 0: count },
});

const inspect = (id: string, after = '0'): Promise<CheckpointDetail> =>
  bodyOf(ann.get<CheckpointDetail>(`/v1/checkpoints/${id}?after=${after}`));

describe('70 checkpoints of a growing state', () => {
  const count = 70;
  let execution: Written;
  const saved: Written[] = [];

  beforeAll(async () => {
    execution = await startExecution(ann);
    for (let number = 0; number < count; number += 1)
      saved.push(await saveCheckpoint(ann, execution.id, number, stateAfter(number)));
  });

  it('are stored as differences, with a full state at least every 32', async () => {
    const events = (await eventsOf(ann, execution.stream)).slice(1);
    const full = events.flatMap(({ data }, index) => ('state' in data ? [index] : []));
    expect(full[0]).toBe(0);
    expect(full.length).toBeLessThan(count / 5);
    for (const [index, at] of full.entries())
      expect((full[index + 1] ?? count) - at).toBeLessThanOrEqual(32);
  });

  it('are each shown with the state that was sent', async () => {
    const last = saved.at(-1)!.position;
    for (const [number, { id, revision }] of saved.entries())
      expect(await inspect(id, last)).toEqual({
        id,
        executionId: execution.id,
        agent: 'solver',
        stage: `stage-${number}`,
        stageOrder: number,
        createdAt: expect.stringMatching(/Z$/),
        revision,
        state: stateAfter(number),
      });
  });

  it('are the latest of the state as of each revision', async () => {
    for (const at of [1, 31, 32, 33, 64, 70]) {
      const { body } = await ann.get<{ state: { latest: { state: object } } }>(
        `/v1/streams/${execution.stream}/state?at=${at}`,
      );
      expect(body.state.latest.state).toEqual(stateAfter(at - 1));
    }
  });

  it('go on in a fork from each place where they may', async () => {
    for (const at of [1, 30, 32, 33, 50, 65]) {
      const fork = await forkOf(ann, execution.stream, at);
      const state = { ...stateAfter(at - 1), forked: at };
      const own: Written[] = [];
      for (const n of [0, 1]) own.push(await saveCheckpoint(ann, fork.id, at, { ...state, n }));
      for (const [n, { id, position }] of own.entries()) {
        const detail = await inspect(id, position);
        expect(detail).toMatchObject({ executionId: fork.id, revision: at + 2 + n });
        expect(detail.state).toEqual({ ...state, n });
      }
      expect(await inspect(saved[at - 1]!.id)).toMatchObject({ executionId: execution.id });
    }
  });

  it('are listed in order, page by page and as of a revision', async () => {
    const list = async (query: string) =>
      everyItem<CheckpointView>(ann, `/v1/executions/${execution.id}/checkpoints?${query}`);
    const ids = saved.map(({ id }) => id);
    for (const query of ['limit=9', 'limit=70', ''])
      expect((await list(query)).map(({ id }) => id)).toEqual(ids);
    for (const at of [0, 1, 33, 70])
      expect((await list(`at=${at}&limit=20`)).map(({ id }) => id)).toEqual(ids.slice(0, at));
    expect((await list('limit=1'))[0]).not.toHaveProperty('state');
    const beyond = await ann.get(`/v1/executions/${execution.id}/checkpoints?at=71`);
    expectProblem(beyond, 'revision-not-found', 404);
  });

  it('count towards the execution, which shows the newest stage', async () => {
    const { body } = await ann.get<ExecutionView>(`/v1/executions/${execution.id}`);
    expect(body).toMatchObject({
      checkpointCount: count,
      currentStage: { stage: 'stage-69', agent: 'solver', stageOrder: 69 },
    });
  });
});

describe('saving a checkpoint', () => {
  it('keeps outputs and processing records, and says where it is', async () => {
    const { id: executionId } = await startExecution(ann);
    const fields = {
      id: '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1e001',
      agent: 'coder',
      stage: 'code',
      stageOrder: 1,
      state: { $set: { 'a.b': 1 }, $ref: 'x', $id: 'y', list: [[], {}, null, 0, '', false] },
      outputs: ['diff', 1, null],
      processing: [{ model: 'm', tokens: 7 }],
    };
    const { status, headers, body } = await ann.post(
      `/v1/executions/${executionId}/checkpoints`,
      fields,
    );
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/checkpoints/${fields.id}`);
    expect(body).toMatchObject({ id: fields.id, stream: `execution-${executionId}`, revision: 1 });
    expect(await inspect(fields.id, body.position)).toMatchObject(fields);
    const changed = { ...fields.state, $ref: 'changed', list: [[1], { '': 2 }] };
    const next = await saveCheckpoint(ann, executionId, 2, changed);
    expect((await inspect(next.id, next.position)).state).toEqual(changed);
  });

  it('adds nothing a second time and refuses other content under its id', async () => {
    const { id, stream } = await startExecution(ann);
    const path = `/v1/executions/${id}/checkpoints`;
    const one = { agent: 'a', stage: 's', stageOrder: 0, state: { n: 1, m: 2 } };
    const named = { ...one, id: '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1e002' };
    const first = await bodyOf(ann.post(path, named));
    expect(await bodyOf(ann.post(path, { ...named, state: { m: 2, n: 1 } }))).toEqual(first);
    const other = await ann.post(path, { ...named, state: { n: 1, m: 3 } });
    expectProblem(other, 'checkpoint-already-exists', 409);
    expect(await eventsOf(ann, stream)).toHaveLength(2);
  });

  it('is for the owner of the execution, as is looking into it', async () => {
    const bob = server.as('bob');
    const { id } = await startExecution(ann);
    const checkpoint = await saveCheckpoint(ann, id, 0, { secret: 1 });
    const path = `/v1/executions/${id}/checkpoints`;
    const fields = { agent: 'a', stage: 's', stageOrder: 1, state: {} };
    expectProblem(await bob.post(path, fields), 'execution-not-found', 404);
    expectProblem(
      await bob.get(`${path}?after=${checkpoint.position}`),
      'execution-not-found',
      404,
    );
    const inspected = await bob.get(`/v1/checkpoints/${checkpoint.id}`);
    expectProblem(inspected, 'checkpoint-not-found', 404);
  });
});
