import { describe, expect, it } from '@jest/globals';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { InterruptView } from '../../src/queries/interrupts.js';
import type { TaskView } from '../../src/queries/tasks.js';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  postMessage,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';
import { claimTasks, submitTask } from './support/tasks.js';

const server = sharing();
const ann = server.as('ann');

type Tree = Written &
  Readonly<{
    children: readonly Readonly<{
      stream: string;
      forkedFrom: Readonly<{ stream: string; revision: number }>;
    }>[];
    shared: readonly string[];
    sharedCount: number;
  }>;

const treeOf = (stream: string, at: number, fields: object = {}, headers = {}): Promise<Tree> =>
  bodyOf(ann.post<Tree>(`/v1/streams/${stream}/forks`, { at, scope: 'tree', ...fields }, headers));

const raise = (sessionId: string, fields: object = {}): Promise<Written> =>
  bodyOf(
    ann.post('/v1/interrupts', {
      ...{ kind: 'clarification', requestId: 'r-1', sessionId, question: 'Which?', ...fields },
    }),
  );

const queued = { name: 'report', stages: [{ name: 'plan', agent: 'planner', queue: 'plans' }] };

const childOf = (tree: Tree, { stream }: Written): string => {
  const child = tree.children.find(({ forkedFrom }) => forkedFrom.stream === stream);
  if (!child) throw new Error(`${stream} was not taken along`);
  return child.stream;
};

const stateOf = async (stream: string): Promise<Record<string, unknown>> =>
  (await bodyOf(ann.get<{ state: Record<string, unknown> }>(`/v1/streams/${stream}/state`))).state;

const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

/** A session with something open of each kind, then finished ones, and a message after which all is settled. */
const family = async (queue: string) => {
  const session = await createSession(ann);
  const sessionId = session.id;
  const finished = await submitTask(ann, queue, { sessionId, priority: 9 });
  const [held] = await claimTasks(ann, queue);
  await bodyOf(
    ann.post(`/v1/tasks/${finished.id}/complete`, { leaseToken: held?.leaseToken, result: 1 }),
  );
  const asked = await raise(sessionId, { ttlSeconds: 3_600 });
  const run = await startExecution(ann, { sessionId, input: { n: 1 } });
  const task = await submitTask(ann, queue, { sessionId, executionId: run.id });
  const at = await postMessage(ann, sessionId, 'now');
  await bodyOf(ann.post(`/v1/interrupts/${asked.id}/respond`, { text: 'This one' }));
  await bodyOf(ann.post(`/v1/executions/${run.id}/complete`, { output: 'done' }));
  await bodyOf(ann.post(`/v1/tasks/${task.id}/cancel`, {}));
  await raise(sessionId, { question: 'Asked later' });
  const last = await postMessage(ann, sessionId, 'later');
  return { session, finished, asked, run, task, at: at.revision, last };
};

describe('a fork of a session with what was open in it', () => {
  it('takes along what was open as of the event, though it was settled since', async () => {
    const { session, finished, asked, run, task, at } = await family('trees-1');
    const before = await Promise.all(
      [session, asked, run, task].map(({ stream }) => eventsOf(ann, stream)),
    );
    const tree = await treeOf(session.stream, at);
    expect(tree.children.map(({ forkedFrom }) => forkedFrom)).toEqual(
      [run, asked, task].map(({ stream }) => ({ stream, revision: 0 })),
    );
    expect([tree.shared, tree.sharedCount]).toEqual([[finished.stream], 1]);
    const sessionId = tree.id;
    const executionId = idOf(childOf(tree, run));
    expect(await stateOf(childOf(tree, run))).toMatchObject({ status: 'running', sessionId });
    expect(await stateOf(childOf(tree, asked))).toMatchObject({ status: 'pending', sessionId });
    expect(await stateOf(childOf(tree, task))).toMatchObject({
      ...{ status: 'cancelled', inert: true, sessionId, executionId },
    });
    expect(
      await Promise.all([session, asked, run, task].map(({ stream }) => eventsOf(ann, stream))),
    ).toEqual(before);
  });

  it('is listed with its session', async () => {
    const { session, asked, run, task, at } = await family('trees-2');
    const tree = await treeOf(session.stream, at);
    const query = `sessionId=${tree.id}&after=${tree.position}`;
    const [runs, asks, tasks] = await Promise.all([
      everyItem<ExecutionView>(ann, `/v1/executions?${query}`),
      everyItem<InterruptView>(ann, `/v1/interrupts?${query}`),
      everyItem<TaskView>(ann, `/v1/tasks?${query}`),
    ]);
    expect(runs).toMatchObject([{ id: idOf(childOf(tree, run)), status: 'running' }]);
    expect(asks).toMatchObject([{ id: idOf(childOf(tree, asked)), status: 'pending' }]);
    expect(tasks).toMatchObject([{ id: idOf(childOf(tree, task)), status: 'cancelled' }]);
    expect(Object.keys({ ...runs[0], ...asks[0], ...tasks[0] })).not.toContain('createdPosition');
  });

  it('is the same fork when it is asked for again under the same key', async () => {
    const { session, at } = await family('trees-3');
    const headers = { 'Idempotency-Key': 'tree-3' };
    const tree = await treeOf(session.stream, at, {}, headers);
    expect(await treeOf(session.stream, at, {}, headers)).toEqual(tree);
  });

  it('takes along, of a fork, what that took along', async () => {
    const { session, asked, run, task, at } = await family('trees-4');
    const tree = await treeOf(session.stream, at);
    const again = await treeOf(tree.stream, tree.revision, { resume: true });
    expect(again.children.map(({ forkedFrom }) => forkedFrom.stream)).toEqual(
      [run, asked, task].map((child) => childOf(tree, child)),
    );
    const executionId = idOf(again.children[0]?.stream ?? '');
    const [claimed] = await claimTasks(ann, 'trees-4');
    expect(`task-${claimed?.id}`).toBe(again.children[2]?.stream);
    expect(await stateOf(`task-${claimed?.id}`)).toMatchObject({
      sessionId: again.id,
      executionId,
    });
    // Asked for at what it inherits, it is a fork of who wrote that.
    const older = await treeOf(tree.stream, at);
    expect(older.children.map(({ forkedFrom }) => forkedFrom.stream)).toEqual(
      [run, asked, task].map(({ stream }) => stream),
    );
  });

  it('keeps what it belongs to in forks of its own', async () => {
    const { session, run, at } = await family('trees-5');
    const tree = await treeOf(session.stream, at);
    const fork = await bodyOf(ann.post(`/v1/streams/${childOf(tree, run)}/forks`, { at: 1 }));
    expect(await stateOf(fork.stream)).toMatchObject({ sessionId: tree.id });
    const [, forked] = (await eventsOf(ann, fork.stream)).slice(1);
    expect(forked?.metadata).toMatchObject({ $correlationId: tree.id });
    const { id } = await submitTask(ann, 'trees-5b', { executionId: fork.id });
    expect(await stateOf(`task-${id}`)).toMatchObject({ sessionId: tree.id });
    const older = await bodyOf(ann.post(`/v1/streams/${childOf(tree, run)}/forks`, { at: 0 }));
    expect(await stateOf(older.stream)).toMatchObject({ sessionId: session.id });
  });

  it('takes nothing into a session that is over', async () => {
    const session = await createSession(ann);
    await submitTask(ann, 'trees-6', { sessionId: session.id });
    const ended = await bodyOf(ann.post(`/v1/sessions/${session.id}/terminate`, {}));
    expect(await treeOf(session.stream, ended.revision)).toMatchObject({ children: [] });
  });

  it('is deleted for good with its session, and protects the original from it', async () => {
    const { session, task, at } = await family('trees-7');
    const tree = await treeOf(session.stream, at);
    const refused = await ann.delete(`/v1/sessions/${session.id}?hard=true`);
    expectProblem(refused, 'stream-has-forks', 409);
    const gone = await bodyOf(ann.delete(`/v1/sessions/${tree.id}?hard=true`));
    expectProblem(await ann.get(`/v1/streams/${childOf(tree, task)}/state`), 'task-not-found', 404);
    await bodyOf(ann.get(`/v1/streams/${session.stream}/lineage?after=${gone.position}`));
    await bodyOf(ann.delete(`/v1/sessions/${session.id}?hard=true`));
  });

  it('is a matter of sessions', async () => {
    const run = await startExecution(ann, { input: {} });
    const session = await createSession(ann);
    const ofRun = await ann.post(`/v1/streams/${run.stream}/forks`, { at: 0, scope: 'tree' });
    expectProblem(ofRun, 'bad-request', 400);
    const alone = await ann.post(`/v1/streams/${session.stream}/forks`, { at: 0, resume: true });
    expectProblem(alone, 'bad-request', 400);
  });
});

describe('what a fork takes along', () => {
  it('is work of its own once it is resumed, and the original stays as it was', async () => {
    const { session, task, at } = await family('trees-8');
    const before = await eventsOf(ann, task.stream);
    const tree = await treeOf(session.stream, at, { resume: true });
    const [claimed] = await claimTasks(ann, 'trees-8');
    expect(`task-${claimed?.id}`).toBe(childOf(tree, task));
    const done = { leaseToken: claimed?.leaseToken, result: 2 };
    await bodyOf(ann.post(`/v1/tasks/${claimed?.id}/complete`, done));
    expect((await eventsOf(ann, childOf(tree, task))).map(({ type }) => type)).toEqual([
      ...['TaskSubmitted', 'StreamForked', 'TaskRetried', 'TaskClaimed', 'TaskCompleted'],
    ]);
    expect(await eventsOf(ann, task.stream)).toEqual(before);
  });

  it('waits for an answer as long again, from the fork on', async () => {
    const session = await createSession(ann);
    const asked = await raise(session.id, { ttlSeconds: 0.5 });
    const at = await postMessage(ann, session.id, 'well?');
    await untilStatus(`/v1/interrupts/${asked.id}`, 'expired');
    const tree = await treeOf(session.stream, at.revision);
    const fork = childOf(tree, asked);
    const [raised, forked] = await eventsOf(ann, fork);
    const { expiresAt } = forked?.data ?? {};
    expect(Date.parse(String(expiresAt))).toBeGreaterThan(
      Date.parse(String(raised?.data.expiresAt)),
    );
    await untilStatus(`/v1/interrupts/${idOf(fork)}`, 'expired');
    expect((await eventsOf(ann, fork)).map(({ type }) => type)).toEqual([
      ...['InterruptRaised', 'StreamForked', 'InterruptExpired'],
    ]);
    expect(await eventsOf(ann, asked.stream)).toHaveLength(2);
  });

  it('has its stages carried out once it is resumed, and stands still otherwise', async () => {
    const session = await createSession(ann);
    const sessionId = session.id;
    const run = await startExecution(ann, { sessionId, pipeline: queued, input: { n: 1 } });
    const [stage] = await claimTasks(ann, 'plans');
    const at = await postMessage(ann, sessionId, 'go on');
    const before = await eventsOf(ann, run.stream);
    const still = await treeOf(session.stream, at.revision);
    expect(await stateOf(childOf(still, run))).toMatchObject({ held: true, sessionId: still.id });
    expect(still.children).toHaveLength(2);

    const tree = await treeOf(session.stream, at.revision, { resume: true });
    const [own] = await claimTasks(ann, 'plans');
    const executionId = idOf(childOf(tree, run));
    expect(await stateOf(`task-${own?.id}`)).toMatchObject({ executionId, sessionId: tree.id });
    expect(await stateOf(childOf(tree, { stream: `task-${stage?.id}` } as Written))).toMatchObject({
      inert: true,
    });
    const result = { outputs: 'planned' };
    await bodyOf(
      ann.post(`/v1/tasks/${own?.id}/complete`, { leaseToken: own?.leaseToken, result }),
    );
    await untilStatus(`/v1/executions/${executionId}`, 'completed');
    expect(await eventsOf(ann, run.stream)).toEqual(before);
    expect(await stateOf(childOf(still, run))).toMatchObject({ status: 'running', held: true });
  });
});

/** Asks until something is in a status: what brings it there comes by itself. */
const untilStatus = async (path: string, status: string): Promise<void> => {
  for (const end = Date.now() + 30_000; ; ) {
    const { body } = await ann.get<{ status: string }>(path);
    if (body.status === status) return;
    if (Date.now() > end) throw new Error(`${path} is ${body.status}`);
  }
};
