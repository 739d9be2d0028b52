import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { apiOf } from '../http/support/api.js';
import { all } from '../support/new-events.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { claimAll, complete, submitMany } from './support/tasks.js';

let folder: string;
let stores: SharedStores;
let programs: readonly Program[];
let store: EventStore;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  programs = await Promise.all([1, 2].map(() => startProgram(folder, stores.settings)));
  store = connectEventStore(stores.eventStoreUrl);
});
afterAll(async () => {
  await store.close();
  for (const program of programs) expect(await program.stop()).toBe(0);
  await stores.stop();
  await removeFolder(folder);
});

const nodes = [0, 1].map((n) => apiOf(() => programs[n]!.url));

it('hands each of 2,000 tasks out once, however two nodes race for them', async () => {
  const queue = `mail-${newId()}`;
  const ids = await submitMany(nodes[0]!, queue, 2_000, { timeoutSeconds: 86_400 });
  // The node that follows the other's read models is to have heard of them too.
  const seen = await nodes[1]!.get(`/v1/queues/${queue}?after=${await store.head()}`);
  expect(seen.status).toBe(200);
  const claimed = await Promise.all(
    Array.from({ length: 16 }, (_, n) =>
      claimAll(nodes[n % 2]!, queue, {
        ...{ workerId: `w-${n}`, max: 1 + (n % 5) * 5, leaseSeconds: 3_600 },
      }),
    ),
  );
  const handedOut = claimed.flat();
  expect(handedOut.map(({ id }) => id).sort()).toEqual([...ids].sort());
  // Both had their share.
  for (const node of [0, 1])
    expect(claimed.filter((_, n) => n % 2 === node).flat().length).toBeGreaterThan(0);

  // What the store has is what counts, not what was answered.
  for (const { id, leaseToken } of handedOut) {
    const events = await all(store.read(`task-${id}`));
    expect(events.map(({ type }) => type)).toEqual(['TaskSubmitted', 'TaskClaimed']);
    expect(events[1]!.data).toMatchObject({ leaseToken, attempt: 1 });
  }
  // A lease is the same on whatever node it is shown.
  const [first, second] = handedOut;
  expect(await complete(nodes[0]!, first!)).toMatchObject({ revision: 2 });
  expect(await complete(nodes[1]!, second!)).toMatchObject({ revision: 2 });
}, 240_000);
