import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import { deciders } from '../../src/domain/deciders.js';
import {
  type Execution,
  type ExecutionCommand,
  execution,
  type Stage,
} from '../../src/domain/execution.js';
import type { JsonObject, JsonValue } from '../../src/domain/json.js';
import { stagePayload } from '../../src/domain/stage-payload.js';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { fold } from '../../src/eventstore/fold.js';
import { concerns } from '../../src/reactions/handling.js';
import { type PipelineParts, pipelineReaction } from '../../src/reactions/pipeline.js';
import type { Reactions } from '../../src/reactions/start-reactions.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { request } from '../support/requests.js';
import { until } from '../support/until.js';
import { startTestReactions } from './support/reactions.js';
import { type StageWorker, startStageWorker } from './support/stage-worker.js';

let stores: TestStores;
let parts: PipelineParts;
let reactions: Reactions;
let worker: StageWorker;

/** What tasks of an agent come to; those of others wait. */
const results: Readonly<Record<string, JsonValue | Error>> = {
  planner: { state: { plan: ['look', 'leap'] }, outputs: 'planned' },
  writer: { outputs: { pages: 3 } },
  broken: new Error('no ink'),
};

beforeAll(async () => {
  stores = await startTestStores();
  const { streams } = stores;
  parts = {
    streams,
    executions: commandHandler(streams, deciders.execution),
    tasks: commandHandler(streams, deciders.task),
    clock: { now: () => Date.now() },
  };
  reactions = await startTestReactions(stores, pipelineReaction(parts));
  worker = startStageWorker(stores.store, ({ type }) => results[type]);
});
afterAll(async () => {
  await worker.stop();
  await reactions.stop();
  await stores.close();
});

const plan: Stage = { name: 'plan', agent: 'planner', queue: 'llm' };
const review: Stage = { name: 'review', agent: 'person' };
const write: Stage = { name: 'write', agent: 'writer', queue: 'llm' };
const idle: Stage = { name: 'idle', agent: 'idler', queue: 'llm' };
const broken: Stage = { name: 'break', agent: 'broken', queue: 'llm' };

const start = async (...stages: readonly Stage[]): Promise<string> => {
  const id = newId();
  const pipeline = { name: 'p', stages };
  const command = { type: 'StartExecution', userId: 'ann', pipeline, input: 'go' } as const;
  await parts.executions(id, [command], request());
  return id;
};
const stateOf = async (id: string): Promise<Execution> =>
  (await fold(stores.streams, execution, `execution-${id}`)).state;
const eventsOf = async (stream: string): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for await (const event of stores.streams.read(stream)) events.push(event);
  return events;
};
const typesOf = async (stream: string) => (await eventsOf(stream)).map(({ type }) => type);
const untilItIs = (id: string, status: string) =>
  until(async () => (await stateOf(id)).status === status);
/** The task of the stage under way, once it is there. */
const openTask = async (id: string): Promise<string> => {
  let taskId = '';
  await until(async () => {
    const state = await stateOf(id);
    taskId = (state.status !== 'absent' && state.dispatched?.taskId) || '';
    return taskId !== '' && (await eventsOf(`task-${taskId}`)).length > 0;
  });
  return taskId;
};
const checkpointOf = (
  stage: Stage,
  stageOrder: number,
  state: JsonObject = {},
): Extract<ExecutionCommand, { type: 'SaveCheckpoint' }> => ({
  ...{ type: 'SaveCheckpoint', checkpointId: newId(), agent: stage.agent },
  ...{ stage: stage.name, stageOrder, state },
});

describe('a pipeline', () => {
  it('is moved from stage to stage by its tasks, with the state of each checkpoint', async () => {
    const id = await start(plan, write);
    await untilItIs(id, 'completed');
    const events = await eventsOf(`execution-${id}`);
    expect(events.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'StageDispatched',
      'CheckpointSaved',
      'StageDispatched',
      'CheckpointSaved',
      'ExecutionCompleted',
    ]);
    expect(events[5]).toMatchObject({ data: { output: { pages: 3 } } });
    expect(await stateOf(id)).toMatchObject({
      status: 'completed',
      latest: { stage: 'write', outputs: { pages: 3 }, state: { plan: ['look', 'leap'] } },
    });
    const { taskId } = events[3]!.data as { taskId: string };
    const [submitted] = await eventsOf(`task-${taskId}`);
    expect(submitted!.data).toEqual({
      ...{ userId: 'ann', type: 'writer', queue: 'llm', priority: 5, maxAttempts: 3 },
      ...{ timeoutSeconds: 3_600, executionId: id },
      payload: {
        ...{ executionId: id, stage: 'write', agent: 'writer', stageOrder: 1 },
        ...{ input: 'go', state: { plan: ['look', 'leap'] } },
      },
    });
    expect(submitted!.metadata).toMatchObject({
      ...{ userId: 'forkline', ownerId: 'ann', $causationId: events[3]!.id },
    });
  });

  it('waits at a stage without a queue until a checkpoint is saved for it', async () => {
    const id = await start(plan, review, write);
    await until(async () => (await typesOf(`execution-${id}`)).length === 3);
    await parts.executions(id, [checkpointOf(review, 1)], request());
    await untilItIs(id, 'completed');
    expect(await typesOf(`execution-${id}`)).toEqual([
      'ExecutionStarted',
      'StageDispatched',
      'CheckpointSaved',
      'CheckpointSaved',
      'StageDispatched',
      'CheckpointSaved',
      'ExecutionCompleted',
    ]);
  });

  it('fails with what its task failed with', async () => {
    const id = await start(plan, broken, write);
    await untilItIs(id, 'failed');
    expect(await stateOf(id)).toMatchObject({ error: 'no ink' });
    const tasks = (await eventsOf(`execution-${id}`)).filter(
      (event) => event.type === 'StageDispatched',
    );
    const { taskId } = tasks[1]!.data as { taskId: string };
    // Given up, it stays where it can be looked at and retried.
    expect((await typesOf(`task-${taskId}`)).at(-1)).toBe('TaskDeadLettered');
  });

  it.each([
    ['cancelled', { type: 'CancelExecution', reason: 'enough' }, 'enough'],
    ['failed', { type: 'FailExecution', error: 'x' }, 'the execution is failed'],
    ['completed', { type: 'CompleteExecution' }, 'the execution is completed'],
  ] as const)('has its task asked to stop once it is %s', async (status, command, reason) => {
    const id = await start(idle, write);
    const taskId = await openTask(id);
    await parts.executions(id, [command], request());
    await untilItIs(id, status);
    await until(async () => (await typesOf(`task-${taskId}`)).at(-1) === 'TaskCancelled');
    expect((await eventsOf(`task-${taskId}`)).at(-1)).toMatchObject({ data: { reason } });
    expect(await typesOf(`execution-${id}`)).toHaveLength(3);
  });

  it('is cancelled when its task is', async () => {
    const id = await start(idle, write);
    const taskId = await openTask(id);
    const cancel = { type: 'CancelTask', reason: 'too dear', atOnce: true } as const;
    await parts.tasks(taskId, [cancel], request());
    await untilItIs(id, 'cancelled');
    expect(await stateOf(id)).toMatchObject({ reason: 'too dear' });
  });
});

describe('a forked execution', () => {
  const forkAt = async (id: string, at: number, amendments: readonly object[] = []) => {
    const fork = { of: id, at, id: newId(), amendments: amendments as never };
    const forked = await forkStream(stores.streams, execution, fork, request());
    if ('rejected' in forked) throw new Error(forked.rejected);
    return forked.id;
  };

  it("is not moved by its ancestor's task, nor by inherited events", async () => {
    const id = await start(idle, review);
    const taskId = await openTask(id);
    const fork = await forkAt(id, 1);
    const leaseToken = newId();
    const at = new Date().toISOString();
    const claim = { type: 'ClaimTask', workerId: 'w-2', leaseToken, leaseSeconds: 60, at } as const;
    const complete = { type: 'CompleteTask', leaseToken, result: { state: { own: 1 } } } as const;
    expect(await parts.tasks(taskId, [claim, complete], request())).toMatchObject({ added: 2 });
    await until(async () => (await typesOf(`execution-${id}`)).length === 3);
    expect(await typesOf(`execution-${fork}`)).toEqual([
      'ExecutionStarted',
      'StageDispatched',
      'StreamForked',
    ]);
    expect(await stateOf(fork)).toMatchObject({ status: 'running', held: true });
  });

  it('stands still with a checkpoint of its own, and runs to its end once resumed', async () => {
    const id = await start(plan, write);
    await untilItIs(id, 'completed');
    const changed = checkpointOf(plan, 0, { plan: ['sleep'] });
    const still = await forkAt(id, 2, [changed]);
    const fork = await forkAt(id, 2, [
      { ...changed, checkpointId: newId() },
      { type: 'ResumeExecution', taskId: newId() },
    ]);
    await untilItIs(fork, 'completed');
    expect(await stateOf(fork)).toMatchObject({ latest: { state: { plan: ['sleep'] } } });
    // The fork that stands still was there first: it had its turn.
    expect(await typesOf(`execution-${still}`)).toHaveLength(5);
  });
});

describe('every event of every stream', () => {
  it('changes nothing when it is handled again, in whatever order', async () => {
    const ids = [await start(plan, write), await start(plan, broken)];
    await untilItIs(ids[0]!, 'completed');
    await untilItIs(ids[1]!, 'failed');
    const all: StoredEvent[] = [];
    for (const id of ids) {
      const events = await eventsOf(`execution-${id}`);
      all.push(...events);
      for (const { type, data } of events)
        if (type === 'StageDispatched')
          all.push(...(await eventsOf(`task-${(data as { taskId: string }).taskId}`)));
    }
    const lengths = async () =>
      Promise.all(
        [...new Set(all.map(({ stream }) => stream))].map(async (s) => [
          s,
          (await eventsOf(s)).length,
        ]),
      );
    const before = await lengths();
    // Another node, which remembers nothing.
    const other = pipelineReaction({
      ...parts,
      executions: commandHandler(stores.streams, deciders.execution),
      tasks: commandHandler(stores.streams, deciders.task),
    });
    for (const event of [...all, ...all.toReversed()]) await other.handle(event);
    await Promise.all(all.map((event) => other.handle(event)));
    expect(await lengths()).toEqual(before);
  });

  it('of what was deleted for good is passed over', async () => {
    const id = await start(idle);
    const taskId = await openTask(id);
    const events = [...(await eventsOf(`execution-${id}`)), ...(await eventsOf(`task-${taskId}`))];
    await stores.store.tombstone(`execution-${id}`);
    const other = pipelineReaction(parts);
    for (const event of events) await other.handle(event);
    await until(async () => (await typesOf(`task-${taskId}`)).at(-1) === 'TaskCancelled');
  });
});

describe('a task', () => {
  it('is no matter of pipelines when it was submitted without an execution, once that was told', async () => {
    const ofExecution = await openTask(await start(idle));
    const lone = newId();
    const submitted = {
      ...{ userId: 'ann', type: 't', queue: 'other', priority: 5, payload: null },
      ...{ maxAttempts: 3, timeoutSeconds: 60 },
    };
    const at = new Date().toISOString();
    await parts.tasks(lone, [{ type: 'SubmitTask', submitted, at }], request());
    for (const id of [ofExecution, lone])
      await parts.tasks(id, [{ type: 'CancelTask' }], request());
    const events = await Promise.all([ofExecution, lone].map((id) => eventsOf(`task-${id}`)));
    const ends = events.map((each) => each.at(-1)!);
    expect(ends.map(({ type }) => type)).toEqual(['TaskCancelled', 'TaskCancelled']);

    const listeners: ((event: StoredEvent) => void)[] = [];
    const each = (listener: (event: StoredEvent) => void) => {
      listeners.push(listener);
      return () => {};
    };
    const reaction = pipelineReaction({ ...parts, told: Promise.resolve({ each }) });
    await until(() => listeners.length > 0);
    expect(ends.map((event) => concerns(reaction, event))).toEqual([true, true]);
    for (const event of events.flat()) for (const tell of listeners) tell(event);
    expect(ends.map((event) => concerns(reaction, event))).toEqual([true, false]);
  });
});

describe('the payload of a stage', () => {
  const stage = { stage: 'plan', stageOrder: 0, taskId: 't' };
  const running = (input: string, text?: string) =>
    stagePayload('e', stage, {
      ...{ status: 'running', userId: 'ann', input, deltas: 0, checkpoints: undefined as never },
      pipeline: { name: 'p', stages: [plan] },
      ...(text !== undefined && {
        latest: { checkpointId: 'c', agent: 'a', stage: 's', stageOrder: 0, state: { text } },
      }),
    });
  const about = { executionId: 'e', stage: 'plan', agent: 'planner', stageOrder: 0 };
  const long = 'ø'.repeat(100_000);
  const input = '/v1/executions/e';
  const state = '/v1/checkpoints/c';

  it('brings input and state, empty before the first checkpoint', () => {
    expect(running('go')).toEqual({ ...about, input: 'go', state: {} });
    expect(running('go', 'x')).toEqual({ ...about, input: 'go', state: { text: 'x' } });
  });
  it('says where to read what would make it too large', () => {
    expect(running('go', long + long)).toEqual({ ...about, input: 'go', refs: { state } });
    expect(running(long, long)).toEqual({ ...about, input: long, refs: { state } });
    expect(running(long + long, 'x')).toEqual({ ...about, state: { text: 'x' }, refs: { input } });
    expect(running(long + long, long + long)).toEqual({ ...about, refs: { input, state } });
    expect(running(long + long)).toEqual({ ...about, state: {}, refs: { input } });
  });
});
