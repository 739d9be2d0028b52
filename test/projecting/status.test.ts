import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { projections } from '../../projections/index.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import type { AnyProjection } from '../../src/projecting/projection.js';
import type { ProjectionStatus, Runner } from '../../src/projecting/runner.js';
import { create, post, question } from '../support/session-facts.js';
import { patience, until } from '../support/until.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';
import { watchedDb } from './support/watched-db.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** Lets as many pass as it is told to; the others wait. */
const gate = () => {
  let left = 0;
  let waiting: (() => void)[] = [];
  return {
    pass: async (): Promise<void> => {
      while (left === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      left -= 1;
    },
    open: (count: number): void => {
      left = count;
      for (const resolve of waiting.splice(0)) resolve();
      waiting = [];
    },
  };
};

/** The same store, each event of which has to pass a gate. */
const through = (store: EventStore, { pass }: ReturnType<typeof gate>): EventStore => ({
  ...store,
  subscribe: (after) => {
    const subscription = store.subscribe(after);
    async function* gated() {
      for await (const item of subscription) {
        await pass();
        yield item;
      }
    }
    return { [Symbol.asyncIterator]: gated, close: subscription.close };
  },
});

const everyStatus = (runner: Runner, expected: Partial<ProjectionStatus>): void => {
  expect(runner.status()).toEqual(
    projections.map(({ name, version }) => ({
      ...{ name, version, position: expect.any(Number) },
      ...{ lagEvents: expect.anything(), lagSeconds: expect.anything(), stuck: false },
      ...expected,
    })),
  );
};

const all = Number.POSITIVE_INFINITY;

describe('the status of projections', () => {
  it('says that the lag is not known before any event, and how old what is next is from then on', async () => {
    const { onSession } = commandsOn(stores.streams);
    const id = newId();
    const { position } = await onSession(id, create, post(question));
    const events = gate();
    const runner = await startTestRunner(stores, {
      db: stores.database('catching-up'),
      store: through(stores.store, events),
    });
    everyStatus(runner, { position: 0, lagEvents: null, lagSeconds: null });

    events.open(1);
    await until(() => (runner.status()[0]?.position ?? 0) > 0);
    everyStatus(runner, { lagEvents: null, lagSeconds: expect.any(Number) as unknown as number });
    const { lagSeconds = null, position: at } = runner.status()[0] ?? {};
    expect(at).toBeLessThan(position);
    await until(() => Number(runner.status()[0]?.lagSeconds) > Number(lagSeconds));

    events.open(all);
    await runner.progress('sessions').reached(position, patience);
    await until(() => runner.status()[0]?.lagEvents === 0);
    everyStatus(runner, { position, lagEvents: 0, lagSeconds: 0 });
    await runner.stop();
  });

  it('counts, when live, what is received and not written yet', async () => {
    const { onSession } = commandsOn(stores.streams);
    const writes = gate();
    const db = watchedDb(stores.database('live'), {
      write: async (_, run) => {
        await writes.pass();
        return run();
      },
    });
    writes.open(all);
    const runner = await startTestRunner(stores, { db, batchSize: 2 });
    await caughtUp(runner, stores);
    await until(() => runner.status()[0]?.lagEvents === 0);

    writes.open(0);
    const id = newId();
    const first = await onSession(id, create);
    const second = await onSession(id, post(question));
    await until(() => runner.status()[0]?.lagEvents === 2);
    expect(runner.status()[0]?.lagSeconds).toBeGreaterThanOrEqual(0);
    expect(runner.status()[0]?.position).toBeLessThan(first.position);

    // More than it reads ahead: how many more cannot be told.
    for (let n = 0; n < 6; n++) await onSession(id, { type: 'ChangeSession', title: `T${n}` });
    await until(() => runner.status()[0]?.lagEvents === null);
    expect(runner.status()[0]?.lagSeconds).toBeGreaterThan(0);

    writes.open(all);
    await runner.progress('sessions').reached(second.position + 1, patience);
    await until(() => runner.status()[0]?.lagEvents === 0);
    everyStatus(runner, { lagEvents: 0, lagSeconds: 0 });
    await runner.stop();
  });

  it('says, without the event store, that the number is not known, and since when', async () => {
    const runner = await startTestRunner(stores, { db: stores.database('cut-off') });
    await caughtUp(runner, stores);
    await until(() => runner.status()[0]?.lagEvents === 0);
    const { position = 0 } = runner.status()[0] ?? {};
    await stores.stopEventStore();
    await until(() => runner.status()[0]?.lagEvents === null);
    everyStatus(runner, {
      position,
      lagEvents: null,
      lagSeconds: expect.any(Number) as unknown as number,
    });
    const earlier = Number(runner.status()[0]?.lagSeconds);
    await until(() => Number(runner.status()[0]?.lagSeconds) > earlier + 0.2);
    await stores.startEventStore();
    await until(() => runner.status()[0]?.lagEvents === 0);
    everyStatus(runner, { position, lagEvents: 0, lagSeconds: 0 });
    await runner.stop();
  });

  it('says, while writing fails, since when', async () => {
    const { onSession } = commandsOn(stores.streams);
    let isBroken = false;
    const db = watchedDb(stores.database('broken'), {
      write: (_, run) => (isBroken ? Promise.reject(new Error('broken')) : run()),
    });
    const runner = await startTestRunner(stores, { db });
    await caughtUp(runner, stores);
    isBroken = true;
    const { position } = await onSession(newId(), create);
    await until(() => runner.status()[0]?.lagEvents === null);
    const earlier = Number(runner.status()[0]?.lagSeconds);
    await until(() => Number(runner.status()[0]?.lagSeconds) > earlier + 0.2);
    expect(runner.status()[0]?.position).toBeLessThan(position);
    isBroken = false;
    await runner.progress('sessions').reached(position, patience);
    await until(() => runner.status()[0]?.lagEvents === 0);
    everyStatus(runner, { lagEvents: 0, lagSeconds: 0 });
    await runner.stop();
  });

  it('does not say of a model that waits for the others how far behind it is', async () => {
    const { onSession } = commandsOn(stores.streams);
    const db = stores.database('waiting');
    const [sessions, ...others] = projections as [AnyProjection, ...AnyProjection[]];
    const early = await startTestRunner(stores, { db, projections: [sessions] });
    await until(() => early.status()[0]?.lagEvents === 0);
    const { position } = await onSession(newId(), create);
    await early.progress('sessions').reached(position, patience);
    await early.stop();

    const events = gate();
    const runner = await startTestRunner(stores, { db, store: through(stores.store, events) });
    events.open(1);
    await until(() => (runner.status()[1]?.position ?? 0) > 0);
    expect(runner.status()[0]).toEqual({
      ...{ name: 'sessions', version: sessions.version, position },
      ...{ lagEvents: null, lagSeconds: null, stuck: false },
    });
    expect(runner.status()[1]?.lagSeconds).toBeGreaterThanOrEqual(0);
    expect(others).toHaveLength(runner.status().length - 1);
    events.open(all);
    await until(() => runner.status().every(({ lagEvents }) => lagEvents === 0));
    await runner.stop();
  });
});
