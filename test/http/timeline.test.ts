import { describe, expect, it } from '@jest/globals';
import type { Timeline } from '../../src/queries/timeline.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, forkOf, saveCheckpoint, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

/** An execution with `count` checkpoints, at revisions 1 to `count`. */
const executionOf = async (count: number): Promise<Written> => {
  let last = await startExecution(ann);
  const { id, stream } = last;
  for (let number = 0; number < count; number += 1)
    last = await saveCheckpoint(ann, id, number, { number });
  return { ...last, id, stream };
};

const timelineOf = (id: string, query: string): Promise<Timeline> =>
  bodyOf(ann.get<Timeline>(`/v1/executions/${id}/timeline?${query}`));

const shape = ({ items }: Timeline) =>
  items.map(({ revision, forks }) => [revision, ...forks.map(({ stream }) => stream)]);

describe('the timeline of an execution', () => {
  it('shows its checkpoints with the current stage and whether it is over', async () => {
    const { id, position } = await executionOf(2);
    const running = await timelineOf(id, `after=${position}`);
    expect(running).toMatchObject({
      executionId: id,
      status: 'running',
      terminal: false,
      currentStage: { stage: 'stage-1', agent: 'solver', stageOrder: 1 },
      next: null,
    });
    expect(running.items[0]).toEqual({
      id: expect.any(String),
      agent: 'solver',
      stage: 'stage-0',
      stageOrder: 0,
      createdAt: expect.stringMatching(/Z$/),
      revision: 1,
      forks: [],
    });
    const failed = await bodyOf(ann.post(`/v1/executions/${id}/fail`, { error: 'no route' }));
    expect(await timelineOf(id, `after=${failed.position}`)).toMatchObject({
      status: 'failed',
      terminal: true,
      reason: 'no route',
    });
  });

  it('says why an execution was cancelled, and nothing of one completed', async () => {
    const cancelled = await executionOf(0);
    const path = `/v1/executions/${cancelled.id}`;
    const { position } = await bodyOf(ann.post(`${path}/cancel`, { reason: 'enough' }));
    expect(await timelineOf(cancelled.id, `after=${position}`)).toEqual({
      executionId: cancelled.id,
      status: 'cancelled',
      terminal: true,
      reason: 'enough',
      items: [],
      next: null,
    });
    const completed = await executionOf(0);
    const end = await bodyOf(ann.post(`/v1/executions/${completed.id}/complete`));
    const shown = await timelineOf(completed.id, `after=${end.position}`);
    expect(shown.terminal).toBe(true);
    expect(shown).not.toHaveProperty('reason');
  });

  it('hangs each fork off the checkpoint it starts from', async () => {
    const execution = await executionOf(3);
    const { id, stream } = execution;
    const first = await forkOf(ann, stream, 1);
    const third = await forkOf(ann, stream, 3);
    const alsoFirst = await forkOf(ann, stream, 1);
    const before = await forkOf(ann, stream, 0);
    expect(shape(await timelineOf(id, `after=${before.position}`))).toEqual([
      [1, first.stream, alsoFirst.stream],
      [2],
      [3, third.stream],
    ]);
  });

  it('hangs them off the same checkpoints whatever the size of a page', async () => {
    const { id, stream } = await executionOf(5);
    let after = '';
    const forks: string[] = [];
    for (const at of [1, 2, 3, 4, 5]) {
      const fork = await forkOf(ann, stream, at);
      forks.push(fork.stream);
      after = fork.position;
    }
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Timeline = await timelineOf(
        id,
        `limit=2&after=${after}${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...shape(page));
      cursor = page.next;
    }
    expect(seen).toEqual(forks.map((fork, index) => [index + 1, fork]));
  });

  it('of a fork shows inherited checkpoints, siblings and its own forks, not itself', async () => {
    const parent = await executionOf(2);
    const sibling = await forkOf(ann, parent.stream, 1);
    const fork = await forkOf(ann, parent.stream, 2);
    await saveCheckpoint(ann, parent.id, 9, { later: true });
    const own = await saveCheckpoint(ann, fork.id, 2, { own: true });
    const child = await forkOf(ann, fork.stream, own.revision);
    const inherited = await forkOf(ann, fork.stream, 2);
    const timeline = await timelineOf(fork.id, `after=${inherited.position}`);
    expect(shape(timeline)).toEqual([
      [1, sibling.stream],
      [2, inherited.stream],
      [4, child.stream],
    ]);
    expect(timeline.items.map(({ origin }) => origin)).toEqual([
      { stream: parent.stream, revision: 1 },
      { stream: parent.stream, revision: 2 },
      undefined,
    ]);
  });

  it('of someone else is not there', async () => {
    const { id, position } = await executionOf(1);
    const reply = await server.as('bob').get(`/v1/executions/${id}/timeline?after=${position}`);
    expectProblem(reply, 'execution-not-found', 404);
  });
});
