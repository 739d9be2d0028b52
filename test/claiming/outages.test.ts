import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { type EventStore, StoreUnavailable } from '../../src/eventstore/event-store.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { counting } from '../support/counting-store.js';
import { faulty } from '../support/faulty-store.js';
import { all } from '../support/new-events.js';
import { type Node, startNode } from './support/node.js';

let stores: TestStores;
const nodes: Node[] = [];
beforeEach(async () => {
  stores = await startTestStores();
});
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
  await stores.close();
});

const nodeOn = async (store?: EventStore): Promise<Node> => {
  const node = await startNode(stores, store);
  nodes.push(node);
  return node;
};

const submitted = async (node: Node, count: number): Promise<readonly string[]> => {
  const outcomes = Array.from({ length: count }, (_, n) =>
    node.submit('mail', { priority: n % 3 }),
  );
  return (await Promise.all(outcomes)).map(({ id }) => id);
};

describe('a claim', () => {
  it('asks the event store for one append and nothing else', async () => {
    const store = counting(stores.store);
    const node = await nodeOn(store);
    await submitted(await nodeOn(), 20);
    await node.claim('mail', { max: 1 });
    store.reset();
    const claimed = await node.claim('mail', { max: 5 });
    expect(claimed).toHaveLength(5);
    for (const { id, leaseToken } of claimed)
      await node.tasks(id, [{ type: 'CompleteTask', leaseToken }], {
        ...{
          commandId: crypto.randomUUID(),
          requestId: 'r',
          caller: { userId: 'ann', admin: false },
        },
      });
    expect(store.counts()).toEqual({ reads: 0, eventsRead: 0, appends: 10 });
  });
});

describe('a task that somebody waits for', () => {
  it('is submitted and claimed by one append', async () => {
    const store = counting(stores.store);
    const node = await nodeOn(store);
    const waiting = node.claim('mail', { waitSeconds: 30 });
    await node.claim('mail');
    store.reset();
    const { id, revision, position } = await node.submit('mail');
    expect(await waiting).toMatchObject([{ id, revision: 1, position: String(position + 1) }]);
    expect([revision, store.counts()]).toEqual([0, { reads: 0, eventsRead: 0, appends: 1 }]);
    const events = await all(store.read(`task-${id}`));
    expect(events.map((event) => event.position)).toEqual([position, position + 1]);
  });

  it('is claimed only with the tasks of its turn: what comes later is for the next claim', async () => {
    const node = await nodeOn();
    const waiting = node.claim('mail', { max: 10, waitSeconds: 30 });
    await node.claim('mail');
    const ids = await submitted(node, 3);
    const { id } = await node.submit('mail');
    expect((await waiting).map((task) => task.id).sort()).toEqual([...ids].sort());
    expect(await node.claim('mail')).toMatchObject([{ id }]);
  });
});

describe('who is to be given a task that is being submitted', () => {
  it('is given it also when the time of the wait is over by then, and nobody else is', async () => {
    let store = () => {};
    const stored = new Promise<void>((resolve) => {
      store = resolve;
    });
    const node = await nodeOn({
      ...stores.store,
      append: async (...append) => {
        await stored;
        return stores.store.append(...append);
      },
    });
    // Once the queue is known, a claim is in line before another one is answered.
    await node.claim('mail');
    const waiting = node.claim('mail', { waitSeconds: 1 });
    await node.claim('mail');
    const submission = node.submit('mail');
    // Came later, and waits for longer than the first.
    expect(await node.claim('mail', { waitSeconds: 1.5 })).toEqual([]);
    store();
    const { id } = await submission;
    expect(await waiting).toMatchObject([{ id }]);
    expect(await node.claim('mail')).toEqual([]);
  });
});

describe('when the event store loses requests and answers', () => {
  it('no task is lost, and none is held by two', async () => {
    const ids = await submitted(await nodeOn(), 60);
    const node = await nodeOn(faulty(stores.store, 7, 0.4));
    const held = new Map<string, string>();
    let failures = 0;
    // A claim of several fails only when each of them does.
    for (let empty = 0, max = 1; empty < 3; max = (max % 4) + 1) {
      const claimed = await node.claim('mail', { max }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(StoreUnavailable);
        failures += 1;
        return undefined;
      });
      if (claimed?.length === 0) empty += 1;
      for (const { id, leaseToken } of claimed ?? []) {
        expect(held.has(id)).toBe(false);
        held.set(id, leaseToken);
      }
    }
    // With half of what failed the answer was lost: those are claimed, but nobody knows their token.
    for (const id of ids) {
      const events = await all(stores.store.read(`task-${id}`));
      expect(events.map(({ type }) => type)).toEqual(['TaskSubmitted', 'TaskClaimed']);
      if (held.has(id)) expect(events[1]!.data).toHaveProperty('leaseToken', held.get(id));
    }
    expect(failures).toBeGreaterThan(0);
    expect(held.size).toBeGreaterThan(30);
  });
});

describe('when the event store loses submissions that somebody waits for', () => {
  it('each task is claimed once, and whoever was to have one that was lost waits on', async () => {
    const node = await nodeOn(faulty(stores.store, 11, 0.4));
    const held = new Map<string, string>();
    const working = new AbortController();
    const work = async (workerId: string): Promise<void> => {
      while (!working.signal.aborted) {
        const asked = { workerId, waitSeconds: 30, max: 2, signal: working.signal };
        const claimed = await node.claim('mail', asked).catch((error: unknown) => {
          expect(error).toBeInstanceOf(StoreUnavailable);
          return [];
        });
        for (const { id, leaseToken } of claimed) {
          expect(held.has(id)).toBe(false);
          held.set(id, leaseToken);
        }
      }
    };
    const workers = ['w-1', 'w-2', 'w-3'].map(work);
    let failures = 0;
    const submitSurely = async (): Promise<string> => {
      const named = { id: newId(), commandId: newId() };
      for (;;)
        try {
          return (await node.submit('mail', {}, named)).id;
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailable);
          failures += 1;
        }
    };
    const ids: string[] = [];
    for (let n = 0; n < 60; n += 1) ids.push(await submitSurely());
    working.abort();
    await Promise.all(workers);
    // With one whose answer was lost nobody knows; what nobody has yet is there to be claimed.
    for (let empty = 0; empty < 3; ) {
      const claimed = await node.claim('mail', { max: 9 }).catch(() => undefined);
      if (claimed?.length === 0) empty += 1;
      for (const { id, leaseToken } of claimed ?? []) held.set(id, leaseToken);
    }
    for (const id of ids) {
      const events = await all(stores.store.read(`task-${id}`));
      expect(events.map(({ type }) => type)).toEqual(['TaskSubmitted', 'TaskClaimed']);
      if (held.has(id)) expect(events[1]!.data).toHaveProperty('leaseToken', held.get(id));
    }
    expect(failures).toBeGreaterThan(10);
    expect(held.size).toBeGreaterThan(30);
  });
});

describe('when the database of read models is away', () => {
  it('claims go on with the tasks in memory, and those that arrive', async () => {
    const node = await nodeOn();
    const ids = await submitted(node, 5);
    const [first] = await node.claim('mail');
    await stores.stopMongo();
    const rest = await node.claim('mail', { max: 10 });
    expect([first!, ...rest].map(({ id }) => id).sort()).toEqual([...ids].sort());
    const { id } = await node.submit('mail');
    expect(await node.claim('mail')).toMatchObject([{ id }]);
    expect(await node.claim('mail')).toEqual([]);
  });

  it('a queue that was not looked at before is not called empty', async () => {
    const node = await nodeOn();
    await submitted(node, 1);
    await stores.stopMongo();
    const failed = node.claim('mail');
    await expect(failed).rejects.toMatchObject({
      name: expect.stringMatching(/^(NotCaughtUp|Mongo(Network|ServerSelection)Error)$/),
    });
  });
});
