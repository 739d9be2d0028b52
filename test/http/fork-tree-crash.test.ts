import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore, StoredEvent } from '../../src/eventstore/event-store.js';
import { all, ask, type Json, send } from '../support/api.js';
import {
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';

let folder: string;
let stores: SharedStores;
let store: EventStore;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  store = connectEventStore(stores.eventStoreUrl);
});
afterAll(async () => {
  await store.close();
  expect(await stores.stop()).toBe(0);
  await removeFolder(folder);
});

const untilForked = async (category: string): Promise<void> => {
  const isFork = ({ type, stream }: StoredEvent) =>
    type === 'StreamForked' && stream.startsWith(category);
  for await (const item of store.subscribe('start'))
    if (item.type !== 'caughtUp' && isFork(item as StoredEvent)) break;
};

it('is completed by the repeated request when the program was killed in the middle', async () => {
  const tasks = 60;
  let node = await startProgram(folder, stores.settings);
  const { id: sessionId, stream } = await send(node.url, '/v1/sessions', {});
  const items = Array.from({ length: tasks }, () => ({ type: 't', queue: 'q', sessionId }));
  await send(node.url, '/v1/tasks', items);
  const message = { role: 'user', content: 'all there' };
  const { revision: at } = await send(node.url, `/v1/sessions/${sessionId}/messages`, message);
  const fork = (): Promise<Json> =>
    ask(node.url, `/v1/streams/${stream}/forks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'the one' },
      body: JSON.stringify({ at, scope: 'tree', resume: true }),
    });

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
  expect(await node.stop()).toBe(0);
}, 120_000);
