import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Db } from 'mongodb';
import { v4 as newId } from 'uuid';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { collectionName } from '../../src/projecting/read-model.js';
import { anyOf } from '../projections/support/project.js';
import { checkpoint, save, start } from '../support/execution-facts.js';
import { newEvents } from '../support/new-events.js';
import { answer, create, edit, post, question, remove } from '../support/session-facts.js';
import { patience, until } from '../support/until.js';
import { expectAsRebuilt } from './support/documents.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';
import { watchedDb } from './support/watched-db.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** The same stores with a database of its own. */
const withDatabase = (name: string): TestStores => ({ ...stores, db: stores.database(name) });
const documentsOf = (db: Db, name: string, filter: object) =>
  db.collection(name).find(filter).sort({ _id: 1 }).toArray();

/** The same store, noting where subscriptions begin. */
const noting = (store: EventStore) => {
  const begun: (number | 'start' | 'end')[] = [];
  const noted: EventStore = {
    ...store,
    subscribe: (after) => {
      begun.push(after);
      return store.subscribe(after);
    },
  };
  return { begun, store: noted };
};

describe('the runner', () => {
  it('folds what there is, and then what comes', async () => {
    const { onSession } = commandsOn(stores.streams);
    const [before, after] = [newId(), newId()];
    await onSession(before, create, post(question));
    const runner = await startTestRunner(stores);
    await caughtUp(runner, stores);
    const { position } = await onSession(after, create);
    await runner.progress('sessions').reached(position, patience);
    expect(
      await documentsOf(stores.db, 'sessions_v2', { id: { $in: [before, after] } }),
    ).toMatchObject(
      [
        { id: before, messageCount: 1, revision: 1 },
        { id: after, messageCount: 0, position },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    await runner.stop();
  });

  it('has every model at the position that it says', async () => {
    const { onSession, onExecution } = commandsOn(stores.streams);
    const runner = await startTestRunner(stores);
    const id = newId();
    for (let n = 0; n < 20; n++) {
      const one = n === 0 ? await onSession(id, create) : await onSession(id, edited(n));
      await runner.progress('sessions').reached(one.position, patience);
      expect(await documentsOf(stores.db, 'sessions_v2', { id })).toMatchObject([
        { position: one.position },
      ]);
    }
    const { position } = await onExecution(id, start, save(checkpoint('c-1', { a: 1 })));
    await runner.progress('checkpoints').reached(position, patience);
    expect(await documentsOf(stores.db, 'checkpoints_v2', { checkpointId: 'c-1' })).toHaveLength(1);
    await runner.stop();
  });

  it('writes many events at a time, and a checkpoint for each batch', async () => {
    const checkpoints: unknown[] = [];
    const { db } = withDatabase('batches');
    const watched = watchedDb(db, {
      write: (collection, run) => {
        if (collection === 'projection_checkpoints') checkpoints.push(1);
        return run();
      },
    });
    const name = `session-${newId()}`;
    for (let n = 0; n < 500; n += 50)
      await stores.store.append(name, newEvents(50, n), n === 0 ? 'none' : n - 1);
    const runner = await startTestRunner(stores, { db: watched, batchSize: 100 });
    await caughtUp(runner, stores);
    await runner.stop();
    expect(checkpoints.length).toBeGreaterThanOrEqual(5);
    expect(checkpoints.length).toBeLessThan(50);
    expect(await documentsOf(db, 'streams_v1', { _id: name })).toMatchObject([{ ownEvents: 500 }]);
  });

  it('folds at once what somebody waits for, with all that came before it, and nothing for what is yet to come', async () => {
    const hour = 3_600_000;
    const folded: number[][] = [];
    const runner = await startTestRunner(stores, {
      db: stores.database('awaited'),
      gathering: { leastMs: hour, timesAsLong: 1, mostMs: hour },
      folding: (events, fold) => {
        folded.push(events.map(({ position }) => position));
        return fold();
      },
    });
    await caughtUp(runner, stores);
    folded.length = 0;
    const { onSession } = commandsOn(stores.streams);
    const first = await onSession(newId(), create);
    await until(() => runner.status().every(({ lagEvents }) => lagEvents === 1));
    const next = runner.progress('sessions').reached(first.position + 1, patience);
    await new Promise(setImmediate);
    expect(folded).toEqual([]);
    const second = await onSession(newId(), create);
    await next;
    await runner.progress('sessions').reached(second.position, patience);
    expect(folded).toEqual([[first.position, second.position]]);
    await runner.stop();
  });

  it('goes on from its checkpoint after a restart', async () => {
    const { onSession } = commandsOn(stores.streams);
    const { db } = withDatabase('restart');
    const first = await startTestRunner(stores, { db });
    await caughtUp(first, stores);
    await first.stop();
    const newest = await stores.newest();

    const id = newId();
    const { position } = await onSession(id, create);
    const { begun, store } = noting(stores.store);
    const second = await startTestRunner(stores, { db, store });
    await second.progress('sessions').reached(position, patience);
    await second.stop();
    expect(begun).toEqual([newest]);
    expect(await documentsOf(db, 'sessions_v2', { id })).toHaveLength(1);
  });

  it('brings a model that is new beside others up to them, and leaves the others as they are', async () => {
    const { db } = withDatabase('newcomer');
    const old = await startTestRunner(stores, { db });
    await caughtUp(old, stores);
    await old.stop();
    const before = await documentsOf(db, 'sessions_v2', {});

    const { begun, store } = noting(stores.store);
    const { projections } = await import('../../projections/index.js');
    const [first] = projections;
    const newcomer = anyOf({ ...first!, version: first!.version + 1 });
    const both = await startTestRunner(stores, {
      ...{ db, store },
      projections: [...projections.slice(1), newcomer],
    });
    await caughtUp(both, stores);
    await both.stop();
    expect(begun).toEqual(['start']);
    expect(await documentsOf(db, collectionName(newcomer), {})).toEqual(before);
    await expectAsRebuilt({ ...stores, db }, 'anew');
  });

  it('folds a fork that comes in one batch with its ancestors', async () => {
    const { onSession, onExecution, forkSession, forkExecution } = commandsOn(stores.streams);
    const ids = [newId(), newId(), newId()] as const;
    await onSession(ids[0], create, post(question), post(answer));
    await forkSession({ of: ids[0], at: 1, id: ids[1], amendments: [edit('m-1', 'Tuesday?')] });
    await onSession(ids[0], remove('m-1'));
    await forkSession({ of: ids[1], at: 3, id: ids[2] });
    await onExecution(ids[0], start, save(checkpoint('c-1', { a: 1 })));
    await forkExecution({ of: ids[0], at: 1, id: ids[1] });

    const { db } = withDatabase('forks');
    const runner = await startTestRunner(stores, { db });
    await caughtUp(runner, stores);
    await runner.stop();
    const found = new Map(
      (await documentsOf(db, 'sessions_v2', {})).map(({ id, ...document }) => [id, document]),
    );
    expect(ids.map((id) => found.get(id))).toMatchObject([
      { messageCount: 1, revision: 3 },
      { messageCount: 1, revision: 3, forkedFrom: { stream: `session-${ids[0]}`, revision: 1 } },
      { messageCount: 1, revision: 4, forkedFrom: { stream: `session-${ids[1]}`, revision: 3 } },
    ]);
    expect(await documentsOf(db, 'executions_v3', { id: ids[1] })).toMatchObject([
      { checkpointCount: 1, currentStage: { stage: 'plan' }, revision: 2 },
    ]);
  });

  it('keeps names of fields that mean something to databases', async () => {
    const { onSession } = commandsOn(stores.streams);
    const { db } = withDatabase('names');
    const metadata = { $set: { a: 1 }, 'a.b': 2, '': 3, $where: 'x', 0: 'zero', _id: 'mine' };
    const id = newId();
    await onSession(id, { ...create, metadata });
    await onSession(id, post({ ...question, metadata }));
    const runner = await startTestRunner(stores, { db });
    await caughtUp(runner, stores);
    await runner.stop();
    expect(await documentsOf(db, 'sessions_v2', { id })).toMatchObject([{ metadata }]);
    expect(await documentsOf(db, 'messages_v2', { stream: `session-${id}` })).toMatchObject([
      { metadata },
    ]);
  });

  it('has no progress to tell of a projection that there is none of', async () => {
    const runner = await startTestRunner(stores);
    expect(() => runner.progress('nothing')).toThrow(RangeError);
    await runner.stop();
  });
});

const edited = (n: number) => ({ type: 'ChangeSession', title: `Trip ${n}` }) as const;
