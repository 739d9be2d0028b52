import { describe, expect, it } from '@jest/globals';
import jsonPatch from 'fast-json-patch';
import type { CheckpointDetail } from '../../src/queries/checkpoints.js';
import type { ComparedStage, Comparison } from '../../src/queries/compare.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, forkOf, saveCheckpoint, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const compare = (a: string, b: string, query = ''): Promise<Comparison> =>
  bodyOf(ann.get<Comparison>(`/v1/executions/compare?a=${a}&b=${b}&${query}`));
const stateAfter = (n: number, more: object = {}) => ({
  text: 'the same. '.repeat(30),
  n,
  ...more,
});
const save = (id: string, n: number, more: object = {}, fields: object = {}): Promise<Written> =>
  saveCheckpoint(ann, id, n, stateAfter(n, more), fields);

/** A run of five stages, and a fork after the second that went another way. */
const twoRuns = async () => {
  const original = await startExecution(ann, { input: 1 });
  for (const n of [0, 1, 2, 3, 4]) await save(original.id, n, { way: 'a' }, { outputs: { n } });
  await bodyOf(ann.post(`/v1/executions/${original.id}/complete`, { output: { found: 'a' } }));
  const fork = await forkOf(ann, original.stream, 2);
  for (const n of [2, 3]) await save(fork.id, n, { way: 'b' }, { outputs: { n } });
  const { position } = await bodyOf(ann.post(`/v1/executions/${fork.id}/fail`, { error: 'lost' }));
  return { original, fork, after: `after=${position}` };
};
const shape = (items: readonly ComparedStage[]) =>
  items.map(({ stageOrder, occurrence, a, b }) => [
    ...[stageOrder, occurrence, a?.revision, b?.revision],
  ]);

describe('comparing two executions', () => {
  it('says where they part, and stage by stage what is different since', async () => {
    const { original, fork, after } = await twoRuns();
    const found = await compare(original.id, fork.id, after);
    expect(found).toMatchObject({
      common: { stream: original.stream, revision: 2 },
      a: { executionId: original.id, status: 'completed', output: { found: 'a' } },
      b: { executionId: fork.id, status: 'failed', error: 'lost' },
      output: [{ op: 'replace', path: '', value: null }],
      next: null,
    });
    expect(shape(found.items)).toEqual([
      [2, 1, 3, 4],
      [3, 1, 4, 5],
      [4, 1, 5, undefined],
    ]);
    const [first, , alone] = found.items;
    expect(first).toMatchObject({
      state: [{ op: 'replace', path: '/way', value: 'b' }],
      outputs: [],
    });
    expect(alone).not.toHaveProperty('state');
  });

  it('gives differences that turn what the one has into what the other has', async () => {
    const a = await startExecution(ann);
    const b = await startExecution(ann);
    const [stateA, stateB] = [
      { list: [1, 2, 3], x: { y: [] } },
      { list: [3], 'z/~': null },
    ];
    const one = await saveCheckpoint(ann, a.id, 0, stateA, { outputs: ['o', { p: 1 }] });
    const other = await saveCheckpoint(ann, b.id, 0, stateB, { outputs: ['o', { p: 2 }, 3] });
    const { items, common } = await compare(a.id, b.id, `after=${other.position}`);
    expect(common).toBeNull();
    const [item] = items;
    const applied = <T>(value: T, patch: unknown) =>
      jsonPatch.applyPatch(value, patch as jsonPatch.Operation[]).newDocument;
    const { body } = await ann.get<CheckpointDetail>(`/v1/checkpoints/${one.id}`);
    expect(applied(body.state, item!.state)).toEqual(stateB);
    expect(applied(['o', { p: 1 }], item!.outputs)).toEqual(['o', { p: 2 }, 3]);
  });

  it('pairs the checkpoints of a stage in their order, a page at a time', async () => {
    const a = await startExecution(ann);
    const b = await startExecution(ann);
    for (const stageOrder of [0, 1, 1, 0, 1, 3]) await save(a.id, stageOrder);
    let last = a;
    for (const stageOrder of [1, 0, 2, 1, 3, 3, 4]) last = await save(b.id, stageOrder);
    const whole = await compare(a.id, b.id, `after=${last.position}`);
    expect(shape(whole.items)).toEqual([
      [0, 1, 1, 2],
      [0, 2, 4, undefined],
      [1, 1, 2, 1],
      [1, 2, 3, 4],
      [1, 3, 5, undefined],
      [2, 1, undefined, 3],
      [3, 1, 6, 5],
      [3, 2, undefined, 6],
      [4, 1, undefined, 7],
    ]);
    for (const limit of [1, 2, 4, 9]) {
      const items: ComparedStage[] = [];
      for (let cursor = ''; ; ) {
        const page = await compare(a.id, b.id, `limit=${limit}${cursor}`);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        items.push(...page.items);
        if (page.next === null) break;
        cursor = `&cursor=${page.next}`;
      }
      expect(items).toEqual(whole.items);
    }
  });

  it('follows forks of forks, whichever is named first', async () => {
    const { original, fork } = await twoRuns();
    const child = await forkOf(ann, fork.stream, 4);
    const { position } = await save(child.id, 7);
    const up = await compare(child.id, original.id, `after=${position}`);
    expect(up.common).toEqual({ stream: original.stream, revision: 2 });
    expect(shape(up.items)).toEqual([
      [2, 1, 4, 3],
      [3, 1, undefined, 4],
      [4, 1, undefined, 5],
      [7, 1, 6, undefined],
    ]);
    const siblings = await compare(fork.id, child.id);
    expect(siblings.common).toEqual({ stream: fork.stream, revision: 4 });
    expect(shape(siblings.items)).toEqual([
      [3, 1, 5, undefined],
      [7, 1, undefined, 6],
    ]);
  });

  it('holds a stage that only one saved anew against what both go on from', async () => {
    const { id, stream } = await startExecution(ann);
    const first = await save(id, 0, { tone: 'dry' });
    const replay = { modifications: { tone: 'warm' } };
    const fork = await bodyOf(
      ann.post<Written & { checkpointId: string }>(
        `/v1/checkpoints/${first.id}/replay?after=${first.position}`,
        replay,
      ),
    );
    const { items } = await compare(id, fork.id, `after=${fork.position}`);
    expect(items).toMatchObject([
      {
        ...{ stageOrder: 0, occurrence: 1, a: { id: first.id }, b: { id: fork.checkpointId } },
        state: [{ op: 'replace', path: '/tone', value: 'warm' }],
      },
    ]);
    const [{ a } = { a: undefined }] = (await compare(fork.id, fork.id)).items;
    expect(a).toBeUndefined();
    const other = await bodyOf(
      ann.post<Written & { checkpointId: string }>(`/v1/checkpoints/${first.id}/replay`, replay),
    );
    const siblings = await compare(fork.id, other.id, `after=${other.position}`);
    expect(siblings.common).toEqual({ stream, revision: 1 });
    expect(siblings.items).toMatchObject([
      { a: { id: fork.checkpointId }, b: { id: other.checkpointId }, state: [] },
    ]);
  });

  it('finds nothing between an execution and itself', async () => {
    const { original, after } = await twoRuns();
    const { common, items, output } = await compare(original.id, original.id, after);
    expect(common).toEqual({ stream: original.stream, revision: 6 });
    expect({ items, output }).toEqual({ items: [], output: [] });
  });

  it('leaves out what was pruned', async () => {
    const a = await startExecution(ann);
    const b = await startExecution(ann);
    for (const n of [0, 1, 2]) await save(a.id, n);
    await save(b.id, 2);
    const { position } = await bodyOf(
      ann.post(`/v1/executions/${a.id}/checkpoints/prune`, { keepLast: 1 }),
    );
    const { items } = await compare(a.id, b.id, `after=${position}`);
    expect(shape(items)).toEqual([[2, 1, 3, 1]]);
    expect(items[0]!.state).toEqual([]);
  });

  it('is for who may see both, and takes both', async () => {
    const a = await startExecution(ann);
    const other = await startExecution(server.as('bob'));
    const after = `after=${other.position}`;
    const path = `/v1/executions/compare?a=${a.id}&b=${other.id}&${after}`;
    expectProblem(await ann.get(path), 'execution-not-found', 404);
    expect((await server.as().get(path)).status).toBe(200);
    expectProblem(await ann.get(`/v1/executions/compare?a=${a.id}`), 'bad-request', 400);
    const bad = `/v1/executions/compare?a=${a.id}&b=${a.id}&cursor=x`;
    expectProblem(await ann.get(bad), 'bad-request', 400);
  });
});
