import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandHandler } from '../../src/commands/handle.js';
import { interrupt } from '../../src/domain/interrupt.js';
import type { TaskCommand } from '../../src/domain/task.js';
import { task } from '../../src/domain/task.js';
import { fold } from '../../src/eventstore/fold.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import type { Runner } from '../../src/projecting/runner.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { raisedInterrupts } from '../../src/reactions/raised-interrupts.js';
import { caughtUp, startTestRunner } from '../projecting/support/runners.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { counting } from '../support/counting-store.js';
import { raised } from '../support/interrupt-facts.js';
import { request } from '../support/requests.js';
import { until } from '../support/until.js';
import { clockAt, noting, raiseUntil, startNode, typesOf } from './support/deadline-nodes.js';

let stores: TestStores;
let runner: Runner;
const nodes: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  stores = await startTestStores();
  runner = await startTestRunner(stores);
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
  await runner.stop();
  await stores.close();
});

const start = (...options: Parameters<typeof startNode>): void => {
  nodes.push(startNode(...options));
};

const isExpired = async (id: string): Promise<boolean> =>
  (await typesOf(stores, `interrupt-${id}`)).includes('InterruptExpired');

describe('an interrupt', () => {
  it('expires at its deadline by the clock, and not before', async () => {
    const clock = clockAt('2026-01-01T00:00:01.999Z');
    await raiseUntil(stores, 'first', '2026-01-01T00:00:01.999Z');
    await raiseUntil(stores, 'second', '2026-01-01T00:00:02.000Z');
    await caughtUp(runner, stores);
    start(stores, { clock });
    await until(() => isExpired('first'));
    await caughtUp(runner, stores);
    expect(await isExpired('second')).toBe(false);
    clock.set('2026-01-01T00:00:02.000Z');
    await until(() => isExpired('second'));
  });

  it('that is answered in time does not expire', async () => {
    const clock = clockAt('2026-01-01T00:00:00.000Z');
    await raiseUntil(stores, 'answered', '2026-01-01T00:00:01.000Z');
    await raiseUntil(stores, 'forgotten', '2026-01-01T00:00:02.000Z');
    const answer = {
      type: 'RespondToInterrupt',
      response: { approved: true },
      respondedBy: 'ann',
      at: '2026-01-01T00:00:00.500Z',
    } as const;
    await commandHandler(stores.streams, interrupt)('answered', [answer], request());
    clock.set('2026-01-01T00:00:03.000Z');
    start(stores, { clock });
    await until(() => isExpired('forgotten'));
    expect(await isExpired('answered')).toBe(false);
  });
});

describe('an interrupt that a node has not read', () => {
  const clock = clockAt('2026-01-02T00:00:00.000Z');

  it('expires without a read of its stream, as it was raised and nothing since', async () => {
    await raiseUntil(stores, 'raised', '2026-01-01T00:00:00.000Z');
    await caughtUp(runner, stores);
    const counted = counting(stores.store);
    const interrupts = commandHandler(withLineage(counted), interrupt);
    counted.reset();
    start(stores, { clock, interrupts });
    await until(() => isExpired('raised'));
    expect(counted.counts()).toMatchObject({ reads: 0, appends: 1 });
  });

  it('stays as it is when it was answered and the read model does not know yet', async () => {
    await raiseUntil(stores, 'answered', '2026-01-01T00:00:00.000Z');
    await raiseUntil(stores, 'waiting', '2026-01-01T00:00:01.000Z');
    await caughtUp(runner, stores);
    await runner.stop();
    const cancel = { type: 'CancelInterrupt' } as const;
    await commandHandler(stores.streams, interrupt)('answered', [cancel], request());
    const { asked, handle } = noting(commandHandler(stores.streams, interrupt));
    start(stores, { clock, interrupts: handle });
    await until(() => isExpired('waiting'));
    await until(() => asked.filter((id) => id === 'answered').length === 2);
    await nodes.pop()?.stop();
    expect(await typesOf(stores, 'interrupt-answered')).toEqual([
      ...['InterruptRaised', 'InterruptCancelled'],
    ]);
    runner = await startTestRunner(stores);
  });

  it('is known by its read model as its events have it', async () => {
    const data = { 'a.b': { $set: [1, null, 'x', 2.5] }, '': {}, last: 9007199254740991 };
    const { expiresAt } = raised.data;
    await commandHandler(
      stores.streams,
      interrupt,
    )(...(['odd', [{ ...raised.data, type: 'RaiseInterrupt', data }], request()] as const));
    await caughtUp(runner, stores);
    const deadline = { kind: 'interrupt', dueAt: expiresAt ?? '', revision: 0 } as const;
    const stream = 'interrupt-odd';
    const found = await raisedInterrupts(collectionsOf(stores.db), [{ ...deadline, stream }]);
    expect(found.get(stream)).toEqual(await fold(stores.streams, interrupt, stream));
  });
});

describe('many deadlines', () => {
  // More than are read at a time.
  const ids = Array.from({ length: 600 }, (_, n) => `${n}`);

  it('pass once each, with three nodes at it', async () => {
    const clock = clockAt('2026-01-02T00:00:00.000Z');
    await Promise.all(ids.map((id) => raiseUntil(stores, id, '2026-01-01T00:00:00.000Z')));
    await caughtUp(runner, stores);
    for (let node = 0; node < 3; node++) start(stores, { clock });
    let seen = 0;
    for await (const { type } of stores.store.subscribe('start'))
      if (type === 'InterruptExpired' && ++seen === ids.length) break;
    // What the others had in hand is done with then.
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
    for (const id of ids)
      expect(await typesOf(stores, `interrupt-${id}`)).toEqual([
        'InterruptRaised',
        'InterruptExpired',
      ]);
  }, 180_000);

  it('are passed once each by a node whose read model stands still meanwhile', async () => {
    const clock = clockAt('2026-01-02T00:00:00.000Z');
    await Promise.all(ids.map((id) => raiseUntil(stores, id, '2026-01-01T00:00:00.000Z')));
    await caughtUp(runner, stores);
    await runner.stop();
    const { asked, handle } = noting(commandHandler(stores.streams, interrupt));
    const late = ids.at(-1) ?? '';
    start(stores, { clock, interrupts: handle });
    await until(() => isExpired(late));
    // Due by its own light, and folded by nobody: whatever is looked at after it was looked at before.
    await collectionsOf(stores.db).deadlines.insertOne({
      ...{ _id: 'interrupt-later', stream: 'interrupt-later', kind: 'interrupt', position: 0 },
      ...{ dueAt: '2026-01-01T12:00:00.000Z', revision: 0 },
    });
    await until(() => asked.includes('later'));
    expect(new Set(asked).size).toBe(ids.length + 1);
    expect(asked).toHaveLength(ids.length + 1);
    runner = await startTestRunner(stores);
  }, 180_000);
});

describe('a deadline that takes long to pass', () => {
  it('holds up none that comes due meanwhile, and is passed once', async () => {
    const clock = clockAt('2026-01-01T00:00:00.000Z');
    await raiseUntil(stores, 'slow', '2026-01-01T00:00:00.000Z');
    await raiseUntil(stores, 'next', '2026-01-01T00:00:01.000Z');
    await caughtUp(runner, stores);
    const sound = commandHandler(stores.streams, interrupt);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { asked, handle } = noting<typeof sound>(async (id, ...rest) => {
      if (id === 'slow') await released;
      return sound(id, ...rest);
    });
    start(stores, { clock, interrupts: handle });
    await until(() => asked.includes('slow'));
    clock.set('2026-01-01T00:00:01.000Z');
    await until(() => isExpired('next'));
    release();
    await until(() => isExpired('slow'));
    expect(asked).toEqual(['slow', 'next']);
  });
});

describe('a deadline that cannot be passed', () => {
  it('holds up no other, and is tried again later', async () => {
    const clock = clockAt('2026-01-02T00:00:00.000Z');
    await raiseUntil(stores, 'broken', '2026-01-01T00:00:00.000Z');
    await raiseUntil(stores, 'sound', '2026-01-01T00:00:01.000Z');
    await caughtUp(runner, stores);
    const sound = commandHandler(stores.streams, interrupt);
    let isBroken = true;
    const { asked, handle } = noting<typeof sound>((id, ...rest) => {
      if (id === 'broken' && isBroken) throw new Error('cannot be read');
      return sound(id, ...rest);
    });
    start(stores, { clock, interrupts: async (...args) => handle(...args) });
    await until(() => isExpired('sound'));
    isBroken = false;
    clock.set('2026-01-02T00:00:01.000Z');
    await until(() => isExpired('broken'));
    expect(asked.filter((id) => id === 'broken')).toHaveLength(2);
  });

  it('is passed once the stores are back', async () => {
    const clock = clockAt('2026-01-02T00:00:00.000Z');
    await raiseUntil(stores, 'waiting', '2026-01-01T00:00:00.000Z');
    await caughtUp(runner, stores);
    await stores.stopEventStore();
    const { asked, handle } = noting(commandHandler(stores.streams, interrupt));
    start(stores, { clock, interrupts: handle });
    await until(() => asked.length > 0);
    await stores.stopMongo();
    await stores.startMongo();
    await stores.startEventStore();
    await until(() => isExpired('waiting').catch(() => false));
  });
});

describe('a task', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const submit: TaskCommand = {
    type: 'SubmitTask',
    submitted: {
      ...{ userId: 'ann', type: 'mail', queue: 'q', priority: 5, payload: null },
      ...{ maxAttempts: 3, timeoutSeconds: 60 },
    },
    at,
  };
  const claim: TaskCommand = {
    ...{ type: 'ClaimTask', workerId: 'w', leaseToken: 't', leaseSeconds: 1 },
    at,
  };

  it('goes back when its lease is over, whichever of three nodes sees it first', async () => {
    const clock = clockAt('2026-01-01T00:00:01.000Z');
    await commandHandler(stores.streams, task)('leased', [submit, claim], request());
    for (let node = 0; node < 3; node++) start(stores, { clock });
    await until(async () => (await typesOf(stores, 'task-leased')).includes('TaskLeaseExpired'));
    await caughtUp(runner, stores);
    expect(await typesOf(stores, 'task-leased')).toEqual([
      'TaskSubmitted',
      'TaskClaimed',
      'TaskLeaseExpired',
    ]);
  });

  it('that took too long is ready again after a wait that every node counts alike', async () => {
    const submitted = { ...submit.submitted, timeoutSeconds: 1 };
    const clock = clockAt('2026-01-01T00:00:01.000Z');
    const handle = commandHandler(stores.streams, task);
    await handle('slow', [{ ...submit, submitted }, claim], request());
    for (let node = 0; node < 3; node++) start(stores, { clock });
    await until(async () => (await typesOf(stores, 'task-slow')).includes('TaskLeaseExpired'));
    clock.set('2026-01-01T00:00:02.000Z');
    await until(async () => (await typesOf(stores, 'task-slow')).includes('TaskBecameDue'));
    await caughtUp(runner, stores);
    expect(await typesOf(stores, 'task-slow')).toEqual([
      ...['TaskSubmitted', 'TaskClaimed', 'TaskLeaseExpired', 'TaskBecameDue'],
    ]);
  });
});
