import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { apiOf } from '../http/support/api.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { passDeadlineOn } from './support/task-commands.js';
import { askForTasks, claim, submit, submitMany } from './support/tasks.js';

let folder: string;
let stores: SharedStores;
let program: Program;
let other: Program;
let store: EventStore;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  [program, other] = await Promise.all([
    startProgram(folder, stores.settings),
    startProgram(folder, stores.settings),
  ]);
  store = connectEventStore(stores.eventStoreUrl);
});
afterAll(async () => {
  await store.close();
  expect(await program.stop()).toBe(0);
  expect(await other.stop()).toBe(0);
  await stores.stop();
  await removeFolder(folder);
});

const ann = apiOf(() => program.url, { 'X-User-Id': 'ann' });
const elsewhere = apiOf(() => other.url, { 'X-User-Id': 'ann' });
const waitSeconds = 30;

const queueOf = (): string => `mail-${newId()}`;

/** A queue that somebody waits for already: a claim of it, and a look at it that comes after that. */
const waitedFor = async (fields: object = {}) => {
  const queue = queueOf();
  const waiting = claim(ann, queue, { waitSeconds, ...fields });
  await claim(ann, queue);
  return { queue, waiting };
};

describe('a claim that waits', () => {
  it('is given a task that is submitted', async () => {
    const { queue, waiting } = await waitedFor();
    const { id } = await submit(ann, queue);
    expect(await waiting).toMatchObject([{ id }]);
  });

  it('is given a task that is submitted on another node', async () => {
    const { queue, waiting } = await waitedFor();
    const { id } = await submit(elsewhere, queue);
    expect(await waiting).toMatchObject([{ id }]);
  });

  it('is given a task that becomes due', async () => {
    const { queue, waiting } = await waitedFor();
    const due = '2990-01-01T00:00:00Z';
    const { id } = await submit(ann, queue, { notBefore: due });
    await passDeadlineOn(store)(id, due);
    expect(await waiting).toMatchObject([{ id, attempt: 1 }]);
  });

  it('is given a task whose lease has expired', async () => {
    const queue = queueOf();
    const { id } = await submit(ann, queue, { timeoutSeconds: 86_400 });
    const [first] = await claim(elsewhere, queue, { leaseSeconds: 3_600, waitSeconds });
    expect(first).toMatchObject({ id, attempt: 1 });
    const waiting = claim(ann, queue, { waitSeconds });
    await claim(ann, queue);
    await passDeadlineOn(store)(id, first!.leaseExpiresAt);
    const [second] = await waiting;
    expect(second).toMatchObject({ id, attempt: 2 });
    expect(second!.leaseToken).not.toBe(first!.leaseToken);
  });

  it('is given a task that was retried on another node', async () => {
    const { queue, waiting } = await waitedFor({ workerId: 'w-2' });
    const { id } = await submit(elsewhere, queue, { notBefore: '2990-01-01T00:00:00Z' });
    expect((await elsewhere.post(`/v1/tasks/${id}/retry`)).status).toBe(200);
    expect(await waiting).toMatchObject([{ id }]);
  });

  it('is given one of many tasks when as many wait', async () => {
    const queue = queueOf();
    const waiting = Array.from({ length: 40 }, (_, n) =>
      claim(n % 2 === 0 ? ann : elsewhere, queue, { waitSeconds, workerId: `w-${n}` }),
    );
    await claim(ann, queue);
    const ids = await submitMany(ann, queue, 40);
    const given = (await Promise.all(waiting)).flat().map(({ id }) => id);
    expect([...given].sort()).toEqual([...ids].sort());
  });

  it('is given a task of any queue whose name begins so', async () => {
    const group = newId();
    const waiting = claim(ann, `${group}*`, { waitSeconds });
    await claim(ann, `${group}*`);
    const { id } = await submit(elsewhere, `${group}-new`);
    expect(await waiting).toMatchObject([{ id }]);
  });

  it('ends with nothing when its time is over', async () => {
    expect(await claim(ann, queueOf(), { waitSeconds: 0.05 })).toEqual([]);
  });

  it('leaves the task to others when its client has gone away', async () => {
    const queue = queueOf();
    const gone = new AbortController();
    const asked = fetch(`${program.url}/v1/queues/${queue}/claim`, {
      ...{ method: 'POST', signal: gone.signal },
      headers: { 'Content-Type': 'application/json', 'X-User-Id': 'ann' },
      body: JSON.stringify({ workerId: 'w-gone', waitSeconds }),
    });
    await claim(ann, queue);
    gone.abort();
    await expect(asked).rejects.toThrow('abort');
    // By the time that later requests are answered the program has heard of it.
    for (let n = 0; n < 20; n += 1) await ann.get('/healthz');
    const { id } = await submit(ann, queue);
    expect(await claim(ann, queue, { waitSeconds, workerId: 'w-here' })).toMatchObject([{ id }]);
  });

  it('is answered with nothing when the program is stopped', async () => {
    const third = await startProgram(folder, stores.settings);
    const api = apiOf(() => third.url, { 'X-User-Id': 'ann' });
    const queue = queueOf();
    const waiting = Array.from({ length: 5 }, () => askForTasks(api, queue, { waitSeconds }));
    await claim(api, queue);
    const stopped = third.stop();
    for (const { status, body } of await Promise.all(waiting))
      expect([status, body]).toEqual([200, { items: [] }]);
    expect(await stopped).toBe(0);
  });
});
