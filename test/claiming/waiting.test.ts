import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { apiOf, type Written } from '../http/support/api.js';
import { bodyOf, eventsOf } from '../http/support/making.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { passDeadlineOn } from './support/task-commands.js';
import { askForTasks, type Claimed, claim, complete, submit, submitMany } from './support/tasks.js';

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
const bob = apiOf(() => program.url, { 'X-User-Id': 'bob' });
const root = apiOf(() => program.url);
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

describe('a task that is submitted while somebody waits for it', () => {
  const named = (requestId: string) => ({ 'X-Request-Id': requestId });
  /** Waits. Who claims from the queue after that finds this one in line. */
  const waitingAs = async (api: typeof ann, queue: string, fields: object = {}) => {
    const path = `/v1/queues/${queue}/claim`;
    const body = { workerId: 'w-1', waitSeconds, ...fields };
    return (await bodyOf(api.post<Claimed>(path, body, named('claiming')))).items;
  };

  it('tells in each of its events who asked for it, and by which request', async () => {
    const queue = queueOf();
    const waiting = waitingAs(root, queue);
    await claim(root, queue);
    const body = { type: 'send', queue };
    const submitted = await ann.post('/v1/tasks', body, named('submitting'));
    const [task] = await waiting;
    const { id, revision, position } = submitted.body;
    expect([submitted.status, revision, submitted.headers.get('etag')]).toEqual([201, 0, '"0"']);
    const events = await eventsOf(ann, `task-${id}`);
    expect(events.map(({ type }) => type)).toEqual(['TaskSubmitted', 'TaskClaimed']);
    const [first, second] = events.map(({ metadata }) => metadata);
    expect(first).toMatchObject({ userId: 'ann', ownerId: 'ann', requestId: 'submitting' });
    expect(first!.$causationId).toBe(first!.commandId);
    expect(second).toMatchObject({ userId: 'local', ownerId: 'ann', requestId: 'claiming' });
    expect(new Set([first!.commandId, second!.commandId, second!.$causationId]).size).toBe(3);
    // Nothing came between the two.
    expect(events.map((event) => event.position)).toEqual([position, task!.position]);
    expect(Number(task!.position)).toBe(Number(position) + 1);
    for (const after of [position, task!.position]) {
      const found = await ann.get(`/v1/tasks/${id}?after=${after}`);
      expect(found).toMatchObject({ status: 200, body: { id } });
    }
    expect(await complete(root, task!)).toMatchObject({ id, revision: 2 });
  });

  it('is claimed once, and answered alike, when its submission is repeated', async () => {
    const queue = queueOf();
    const waiting = waitingAs(ann, queue);
    const id = newId();
    const submission = () =>
      ann.post('/v1/tasks', { type: 'send', queue, id }, { 'Idempotency-Key': id });
    await claim(ann, queue);
    const [one, two] = await Promise.all([submission(), submission()]);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.body).toEqual(one.body);
    expect(await waiting).toMatchObject([{ id, attempt: 1 }]);
    const again = waitingAs(ann, queue);
    await claim(ann, queue);
    expect((await submission()).body).toEqual(one.body);
    expect((await ann.post('/v1/tasks', { type: 'send', queue, id })).status).toBe(201);
    expect((await ann.post('/v1/tasks', { type: 'other', queue, id })).status).toBe(409);
    const next = await submit(ann, queue);
    expect(await again).toMatchObject([{ id: next.id }]);
    expect(await eventsOf(ann, `task-${id}`)).toHaveLength(2);
  });

  it('is not given to who may not have it', async () => {
    const queue = queueOf();
    const waiting = waitingAs(bob, queue);
    await claim(bob, queue);
    const anns = await submit(ann, queue);
    const bobs = await submit(bob, queue);
    expect(await waiting).toMatchObject([{ id: bobs.id, userId: 'bob' }]);
    expect(await claim(ann, queue)).toMatchObject([{ id: anns.id }]);
  });

  it('is not given to anybody when it is for later', async () => {
    const queue = queueOf();
    const waiting = waitingAs(ann, queue);
    await claim(ann, queue);
    const later = await submit(ann, queue, { notBefore: '2990-01-01T00:00:00Z' });
    const past = await submit(ann, queue, { notBefore: '2020-01-01T00:00:00Z' });
    expect(await waiting).toMatchObject([{ id: past.id }]);
    expect(await eventsOf(ann, `task-${later.id}`)).toHaveLength(1);
  });

  it('is shared out among those who wait, as many to each as they want', async () => {
    const queue = queueOf();
    const waiting: Promise<readonly { id: string }[]>[] = [];
    for (const max of [3, 1, 2]) {
      waiting.push(waitingAs(ann, queue, { max }));
      await claim(ann, queue);
    }
    const priorities = [1, 9, 5, 5, 5, 5, 9, 0];
    const tasks = priorities.map((priority) => ({ type: 'send', queue, priority }));
    const { items } = await bodyOf(
      ann.post<{ items: readonly { body: Written }[] }>('/v1/tasks', tasks),
    );
    const places = (given: readonly { id: string }[]) =>
      given.map(({ id }) => items.findIndex(({ body }) => body.id === id));
    expect((await Promise.all(waiting)).map(places)).toEqual([[1, 2, 0], [3], [4, 5]]);
    expect(places(await claim(ann, queue, { max: 9 }))).toEqual([6, 7]);
  });
});
