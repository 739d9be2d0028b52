import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore, StoredEvent } from '../../src/eventstore/event-store.js';
import { ask, send } from '../support/api.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { type StageWorker, startStageWorker } from './support/stage-worker.js';

const stageNames = ['plan', 'search', 'read', 'write', 'check'];
const pipeline = {
  name: 'report',
  stages: stageNames.map((name) => ({ name, agent: `${name}er`, queue: 'llm' })),
};
/** What a run with nothing lost and nothing twice leaves behind. */
const wholeRun = [
  'ExecutionStarted',
  ...stageNames.flatMap(() => ['StageDispatched', 'CheckpointSaved']),
  'ExecutionCompleted',
];
const whole = { log: stageNames.map((name) => `${name}er`) };

let folder: string;
let stores: SharedStores;
let store: EventStore;
let worker: StageWorker;

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  store = connectEventStore(stores.eventStoreUrl);
  worker = startStageWorker(store, ({ type, payload }) => {
    const { state } = payload as { state: { log?: readonly string[] } };
    return { state: { log: [...(state.log ?? []), type] }, outputs: type };
  });
});
afterAll(async () => {
  await worker.stop();
  await store.close();
  expect(await stores.stop()).toBe(0);
  await removeFolder(folder);
});

const startNode = (): Promise<Program> => startProgram(folder, stores.settings);

/** Calls for each event there is and each that comes, until it answers true. */
const follow = async (
  isDone: (event: StoredEvent) => boolean | Promise<boolean>,
): Promise<void> => {
  const subscription = store.subscribe('start');
  for await (const item of subscription)
    if (item.type !== 'caughtUp' && (await isDone(item as StoredEvent))) break;
};

const untilCompleted = async (ids: readonly string[]): Promise<void> => {
  const left = new Set(ids);
  await follow(({ type, stream }) => {
    if (type === 'ExecutionCompleted') left.delete(stream.slice('execution-'.length));
    return left.size === 0;
  });
};

const startExecution = async ({ url }: Program): Promise<string> =>
  (await send(url, '/v1/executions', { pipeline, input: { topic: 'fjords' } })).id;

const expectWhole = async ({ url }: Program, id: string): Promise<void> => {
  const { items } = await ask(url, `/v1/streams/execution-${id}/events?limit=500`);
  expect(items.map(({ type }: StoredEvent) => type)).toEqual(wholeRun);
  const { state } = await ask(url, `/v1/streams/execution-${id}/state`);
  expect(state).toMatchObject({ status: 'completed', output: 'checker', latest: { state: whole } });
};

it('goes on through five stages though the program is killed twice in each', async () => {
  let node = await startNode();
  const id = await startExecution(node);
  let kills = 0;
  await follow(async ({ type, stream, data }) => {
    const isStep = ['StageDispatched', 'TaskCompleted'];
    const isOurs =
      stream === `execution-${id}` || (data as { executionId?: string }).executionId === id;
    const isOurTask =
      type === 'TaskCompleted' && worker.done.includes(stream.slice('task-'.length));
    if ((isOurs || isOurTask) && isStep.includes(type)) {
      kills += 1;
      await node.kill();
      node = await startNode();
    }
    return type === 'ExecutionCompleted' && stream === `execution-${id}`;
  });
  expect(kills).toBe(2 * stageNames.length);
  await expectWhole(node, id);
  expect(await node.stop()).toBe(0);
}, 240_000);

it('has each stage dispatched once by two nodes that share the work', async () => {
  const nodes = [await startNode(), await startNode()] as const;
  const before = worker.done.length;
  const ids = await Promise.all(
    Array.from({ length: 12 }, (_, n) => startExecution(nodes[n % 2] ?? nodes[0])),
  );
  await untilCompleted(ids);
  for (const id of ids) await expectWhole(nodes[1], id);
  expect(new Set(worker.done).size).toBe(worker.done.length);
  expect(worker.done.length - before).toBe(ids.length * stageNames.length);
  for (const node of nodes) expect(await node.stop()).toBe(0);
}, 120_000);
