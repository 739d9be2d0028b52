import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';

import { answer, create, post, question } from '../support/session-facts.js';
import { patience, until, untilAnswered } from '../support/until.js';
import { expectAsRebuilt } from './support/documents.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';
import { watchedDb } from './support/watched-db.js';

let stores: TestStores;
beforeEach(async () => {
  stores = await startTestStores();
});
afterEach(() => stores.close());

describe('the runner, when a store was stopped and started again', () => {
  it('goes on by itself after the event store', async () => {
    const { onSession } = commandsOn(stores.streams);
    const runner = await startTestRunner(stores);
    const id = newId();
    await onSession(id, create);
    await caughtUp(runner, stores);

    await stores.stopEventStore();
    await until(() => runner.status().every(({ lagEvents }) => lagEvents === null));
    await stores.startEventStore();

    const { position } = await untilAnswered(() => onSession(id, post(question)));
    await runner.progress('messages').reached(position, patience);
    await until(() => runner.status().every(({ lagEvents }) => lagEvents === 0));
    await runner.stop();
    await expectAsRebuilt(stores, 'anew');
  });

  it('goes on by itself after the database, from what is in it', async () => {
    const { onSession } = commandsOn(stores.streams);
    const runner = await startTestRunner(stores);
    const id = newId();
    await onSession(id, create);
    await caughtUp(runner, stores);

    await stores.stopMongo();
    const { position } = await onSession(id, post(question), post(answer));
    await until(() => runner.status().every(({ lagEvents }) => lagEvents !== 0));
    expect(runner.progress('messages').position()).toBeLessThan(position);
    await stores.startMongo();

    await runner.progress('messages').reached(position, patience);
    await until(() => runner.status().every(({ lagEvents }) => lagEvents === 0));
    await runner.stop();
    expect(await expectAsRebuilt(stores, 'anew')).toBeGreaterThanOrEqual(4);
  });

  it('goes back after a failure when the database is found to be behind', async () => {
    const { onSession } = commandsOn(stores.streams);
    let isBroken = false;
    const db = watchedDb(stores.db, {
      write: (_, run) => (isBroken ? Promise.reject(new Error('broken')) : run()),
    });
    const runner = await startTestRunner(stores, { db });
    const id = newId();
    await onSession(id, create, post(question));
    await caughtUp(runner, stores);

    // As an operator does who puts back an earlier copy of it.
    isBroken = true;
    const { position } = await onSession(id, post(answer));
    await until(() => runner.status().every(({ lagEvents }) => lagEvents === null));
    const collections = await stores.db.listCollections().toArray();
    for (const { name } of collections) await stores.db.collection(name).drop();
    isBroken = false;

    await runner.progress('messages').reached(position, patience);
    await caughtUp(runner, stores);
    await runner.stop();
    expect(await stores.db.collection('messages_v2').countDocuments()).toBe(2);
    await expectAsRebuilt(stores, 'anew');
  });

  it('can be stopped while either is gone', async () => {
    const one = await startTestRunner(stores);
    await stores.stopEventStore();
    await until(() => one.status().every(({ lagEvents }) => lagEvents === null));
    await one.stop();
    await stores.startEventStore();
    const { onSession } = commandsOn(stores.streams);

    await untilAnswered(() => stores.store.head());
    const other = await startTestRunner(stores);
    await caughtUp(other, stores);
    await stores.stopMongo();
    await onSession(newId(), create);
    await until(() => other.status().every(({ lagEvents }) => lagEvents !== 0));
    await other.stop();
    await stores.startMongo();
  });
});
