import { describe, expect, it } from '@jest/globals';
import type { Lineage, LineageNode } from '../../src/queries/lineage.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, forkOf, postMessage, startExecution } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const lineageOf = (stream: string, after: string): Promise<Lineage> =>
  bodyOf(ann.get<Lineage>(`/v1/streams/${stream}/lineage?after=${after}`));

type Shape = readonly [stream: string, ...forks: readonly (readonly [at: number, fork: Shape])[]];

const shape = ({ stream, forks }: LineageNode): Shape => [
  stream,
  ...forks.map((fork): readonly [number, Shape] => [fork.at, shape(fork)]),
];

describe('the lineage of a stream', () => {
  it('is the stream alone while nothing was forked', async () => {
    const { stream, position } = await startExecution(ann);
    expect(await lineageOf(stream, position)).toEqual({
      stream,
      ancestors: [],
      tree: {
        stream,
        revision: 0,
        ownEvents: 1,
        createdAt: expect.stringMatching(/Z$/),
        forks: [],
      },
      truncated: false,
    });
  });

  it('is the whole family as a tree, the same from every member', async () => {
    const root = await createSession(ann);
    for (const text of ['one', 'two']) await postMessage(ann, root.id, text);
    const late = await forkOf(ann, root.stream, 2);
    const early = await forkOf(ann, root.stream, 0);
    await postMessage(ann, late.id, 'three');
    const child = await forkOf(ann, late.stream, 4);
    const cousin = await forkOf(ann, child.stream, 1);
    const grandchild = await forkOf(ann, child.stream, 5);
    const { position } = await postMessage(ann, grandchild.id, 'last');
    const expected: Shape = [
      root.stream,
      [2, [late.stream, [4, [child.stream, [5, [grandchild.stream]]]]]],
      [0, [early.stream]],
      [1, [cousin.stream]],
    ];
    for (const { stream } of [root, late, early, child, cousin, grandchild])
      expect(shape((await lineageOf(stream, position)).tree)).toEqual(expected);
    const { ancestors, tree } = await lineageOf(grandchild.stream, position);
    expect(ancestors).toEqual([
      { stream: root.stream, through: 2 },
      { stream: late.stream, through: 4 },
      { stream: child.stream, through: 5 },
    ]);
    expect((await lineageOf(cousin.stream, position)).ancestors).toEqual([
      { stream: root.stream, through: 1 },
    ]);
    expect(tree).toMatchObject({ revision: 2, ownEvents: 3 });
    expect(tree.forks[0]!.forks[0]!.forks[0]).toMatchObject({ revision: 7, ownEvents: 2 });
  });

  it('forgets a fork that was deleted for good', async () => {
    const root = await createSession(ann);
    const gone = await forkOf(ann, root.stream, 0);
    const kept = await forkOf(ann, root.stream, 0);
    await lineageOf(root.stream, kept.position);
    const { position } = await bodyOf(ann.delete(`/v1/sessions/${gone.id}?hard=true`));
    const { tree } = await lineageOf(root.stream, position);
    expect(shape(tree)).toEqual([root.stream, [0, [kept.stream]]]);
  });

  it('can be 150 generations deep', async () => {
    let { stream, position } = await createSession(ann);
    const root = stream;
    for (let at = 1; at <= 150; at += 1) ({ stream, position } = await forkOf(ann, stream, at - 1));
    let { tree: node } = await lineageOf(root, position);
    let depth = 0;
    for (; node.forks[0]; node = node.forks[0]) depth += 1;
    expect(depth).toBe(150);
    expect(node.stream).toBe(stream);
  });

  it('is for those who may see the stream', async () => {
    const { stream, position } = await createSession(ann);
    const reply = await server.as('bob').get(`/v1/streams/${stream}/lineage?after=${position}`);
    expectProblem(reply, 'session-not-found', 404);
  });
});
