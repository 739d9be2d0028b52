import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore, StoredEvent } from '../../src/eventstore/event-store.js';
import { all, ask, type Json, send } from '../support/api.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';

let folder: string;
let stores: SharedStores;
let store: EventStore;
let mongo: MongoClient;
let node: Program;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  node = await startProgram(folder, stores.settings);
  store = connectEventStore(stores.eventStoreUrl);
  mongo = await MongoClient.connect(stores.mongoUrl);
});
afterAll(async () => {
  expect(await node.stop()).toBe(0);
  await store.close();
  await mongo.close();
  expect(await stores.stop()).toBe(0);
  await removeFolder(folder);
});

const untilForked = async (category: string): Promise<void> => {
  const isFork = ({ type, stream }: StoredEvent) =>
    type === 'StreamForked' && stream.startsWith(category);
  for await (const item of store.subscribe('start'))
    if (item.type !== 'caughtUp' && isFork(item as StoredEvent)) break;
};

/** Asks under a key, and so twice for the same. */
const postOnce = (path: string, key: string, body: object): Promise<Json> =>
  ask(node.url, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });

it('completes the fork of a tree when it is repeated after the program was killed in the middle', async () => {
  const tasks = 60;
  const { id: sessionId, stream } = await send(node.url, '/v1/sessions', {});
  const items = Array.from({ length: tasks }, () => ({ type: 't', queue: 'q', sessionId }));
  await send(node.url, '/v1/tasks', items);
  const message = { role: 'user', content: 'all there' };
  const { revision: at } = await send(node.url, `/v1/sessions/${sessionId}/messages`, message);
  const fork = () =>
    postOnce(`/v1/streams/${stream}/forks`, 'the one', { at, scope: 'tree', resume: true });

  const cutOff = fork().then(
    () => 'answered',
    () => 'cut off',
  );
  await untilForked('task-');
  await node.kill();
  expect(await cutOff).toBe('cut off');

  node = await startProgram(folder, stores.settings);
  const tree = await fork();
  expect(tree.children).toHaveLength(tasks);
  const listed = await all(node.url, `/v1/tasks?sessionId=${tree.id}&after=${tree.position}`);
  expect(listed.map(({ id }) => `task-${id}`).sort()).toEqual(
    tree.children.map((child: Json) => child.stream).sort(),
  );
  for (const { stream: child } of tree.children) {
    const { items: events } = await ask(node.url, `/v1/streams/${child}/events`);
    expect(events.map(({ type }: Json) => type)).toEqual([
      ...['TaskSubmitted', 'StreamForked', 'TaskRetried'],
    ]);
  }
  const [numbers] = (await ask(node.url, `/v1/queues?after=${tree.position}`)).items;
  expect(numbers).toMatchObject({ queue: 'q', ready: 2 * tasks });
}, 120_000);

it('answers what the first did when a prune is repeated that was carried out and not answered', async () => {
  const { id, stream } = await send(node.url, '/v1/executions', {});
  const checkpoint = (stageOrder: number) =>
    send(node.url, `/v1/executions/${id}/checkpoints`, {
      ...{ agent: 'a', stage: 's', stageOrder, state: {} },
    });
  for (const stageOrder of [0, 1, 2, 3]) await checkpoint(stageOrder);
  const prune = () => postOnce(`/v1/executions/${id}/checkpoints/prune`, 'cut', { keepLast: 1 });
  const first = await prune();
  expect(first).toMatchObject({ pruned: 3 });

  // As if the program had died before it noted what it was about to answer.
  const kept = mongo.db('forkline').collection<{ _id: string }>('idempotency_keys');
  const { modifiedCount } = await kept.updateOne({ _id: 'local\ncut' }, { $unset: { answer: 1 } });
  expect(modifiedCount).toBe(1);
  // What came since would be pruned by a prune of today, but for the fork that hangs off it.
  const newest = await checkpoint(4);
  await send(node.url, `/v1/streams/${stream}/forks`, { at: newest.revision - 1 });
  expect(await prune()).toEqual(first);
});
