import { describe, expect, it } from '@jest/globals';
import type { Timeline } from '../../src/queries/timeline.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, eventsOf, forkOf, saveCheckpoint, startExecution } from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

type Claimed = Readonly<{
  id: string;
  leaseToken: string;
  payload: Readonly<{ executionId: string; stage: string; state: object }>;
}>;

/** The next task of a queue, claimed; waited for if it is not there yet. */
const claim = async (queue: string): Promise<Claimed> => {
  const asked = { workerId: 'w-1', waitSeconds: 30 };
  const { items } = await bodyOf(
    ann.post<{ items: readonly Claimed[] }>(`/v1/queues/${queue}/claim`, asked),
  );
  return items[0]!;
};
const end = ({ id, leaseToken }: Claimed, how: string, fields: object): Promise<Written> =>
  bodyOf(ann.post(`/v1/tasks/${id}/${how}`, { leaseToken, ...fields }));
/** The timeline of an execution once it is over. */
const atItsEnd = async (id: string): Promise<Timeline> => {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const { status, body } = await ann.get<Timeline>(`/v1/executions/${id}/timeline`);
    if (status === 200 && body.terminal) return body;
    if (Date.now() > giveUp) throw new Error(`${id} is not over after a minute`);
  }
};
const pipelineOn = (queue: string) => ({
  name: 'report',
  stages: [
    { name: 'plan', agent: 'planner', queue },
    { name: 'write', agent: 'writer', queue },
  ],
});

describe('a pipeline, with a worker that talks to the program over HTTP', () => {
  it('runs to its end', async () => {
    const { id, stream } = await startExecution(ann, { pipeline: pipelineOn('a') });
    const plan = await claim('a');
    expect(plan.payload).toMatchObject({ executionId: id, stage: 'plan', state: {} });
    await end(plan, 'complete', { result: { state: { plan: 1 } } });
    const write = await claim('a');
    expect(write.payload).toMatchObject({ stage: 'write', state: { plan: 1 } });
    await end(write, 'complete', { result: 'the text' });
    const over = await atItsEnd(id);
    expect(over).toMatchObject({ status: 'completed' });
    expect(over.items).toMatchObject([{ taskId: plan.id }, { taskId: write.id }]);
    expect((await eventsOf(ann, stream)).at(-1)).toMatchObject({ data: { output: 'the text' } });
  });

  it('takes the checkpoints that the worker saves itself for those of the stage', async () => {
    const { id, stream } = await startExecution(ann, { pipeline: pipelineOn('b') });
    const plan = await claim('b');
    const own = { agent: 'planner', stage: 'plan' };
    await saveCheckpoint(ann, id, 0, { plan: 'half' }, own);
    await saveCheckpoint(ann, id, 0, { plan: 'whole' }, own);
    await end(plan, 'complete', {});
    const write = await claim('b');
    expect(write.payload).toMatchObject({ stage: 'write', state: { plan: 'whole' } });
    await end(write, 'complete', {});
    expect((await atItsEnd(id)).items).toHaveLength(3);
    expect((await eventsOf(ann, stream)).map(({ type }) => type)).toContain('StageFinished');
  });

  it('fails with what a task failed with for good', async () => {
    const { id } = await startExecution(ann, { pipeline: pipelineOn('c') });
    await end(await claim('c'), 'fail', { error: 'no ink', retryable: false });
    expect(await atItsEnd(id)).toMatchObject({ status: 'failed', reason: 'no ink' });
  });

  it('is replayed from a checkpoint beside the original, by the same workers', async () => {
    const { id, stream } = await startExecution(ann, { pipeline: pipelineOn('d') });
    await end(await claim('d'), 'complete', { result: { state: { tone: 'dry' } } });
    await end(await claim('d'), 'complete', { result: 'a dry text' });
    const { items } = await atItsEnd(id);
    const still = await forkOf(ann, stream, items[0]!.revision);
    const replayed = await bodyOf(
      ann.post<Written>(`/v1/checkpoints/${items[0]!.id}/replay`, {
        modifications: { tone: 'warm' },
        resume: true,
      }),
    );
    const write = await claim('d');
    expect(write.payload).toMatchObject({ executionId: replayed.id, state: { tone: 'warm' } });
    await end(write, 'complete', { result: 'a warm text' });
    expect(await atItsEnd(replayed.id)).toMatchObject({ status: 'completed' });
    const untouched = ann.get(`/v1/executions/${still.id}/timeline?after=${still.position}`);
    expect(await bodyOf(untouched)).toMatchObject({ status: 'running', held: true });
  });
});

it.each(['any*', '*', 'a\nb'])(
  'takes no stage whose queue nobody could claim from: %j',
  async (queue) =>
    expectProblem(
      await ann.post('/v1/executions', { pipeline: pipelineOn(queue) }),
      'bad-request',
      400,
    ),
);
