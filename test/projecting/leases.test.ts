import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Db } from 'mongodb';
import { v4 as newId } from 'uuid';
import { messages } from '../../projections/messages.js';
import { sessions } from '../../projections/sessions.js';
import { collectionName } from '../../src/projecting/read-model.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { answer, create, edit, post, question } from '../support/session-facts.js';
import { patience, until } from '../support/until.js';
import { expectAsRebuilt } from './support/documents.js';
import { handClock, type LeasedNode, startLeasedNode } from './support/leased.js';
import { caughtUp } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';
import { mortalDb, watchedDb } from './support/watched-db.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

const at = (name: string): TestStores => ({ ...stores, db: stores.database(name) });
const stopAll = (nodes: readonly LeasedNode[]) =>
  Promise.all(nodes.map(({ runner }) => runner.stop()));
const folding = (nodes: readonly LeasedNode[]) => nodes.filter((node) => node.isFolding());

/** Counts what a node writes to read models. */
const countingWrites = (db: Db) => {
  let count = 0;
  const counting = watchedDb(db, {
    write: (collection, run) => {
      if (collection === collectionName(messages)) count += 1;
      return run();
    },
  });
  return { db: counting, count: () => count };
};

/** Holds up what comes to it while it is closed. */
const gate = () => {
  let opened = Promise.resolve();
  let open = () => {};
  let isClosed = false;
  return {
    isClosed: () => isClosed,
    opened: () => opened,
    open: () => open(),
    close: () => {
      isClosed = true;
      opened = new Promise((resolve) => {
        open = () => {
          isClosed = false;
          resolve();
        };
      });
    },
  };
};

describe('nodes on one database', () => {
  it('have one of them fold, and all of them know how far it is', async () => {
    const here = at('one-folds');
    const clock = handClock();
    const writes = [1, 2, 3].map(() => countingWrites(here.db));
    const nodes: LeasedNode[] = [];
    for (const { db } of writes) nodes.push(await startLeasedNode(here, clock, db));
    expect(nodes.map((node) => node.isFolding())).toEqual([true, false, false]);

    const { onSession } = commandsOn(stores.streams);
    for (let n = 0; n < 20; n++) {
      const { position } = await onSession(newId(), create, post(question));
      for (const { runner } of nodes) await runner.progress('messages').reached(position, patience);
    }
    expect(writes.map(({ count }) => count() > 0)).toEqual([true, false, false]);

    // What the holder says of its lag comes with its lease.
    for (const { runner } of nodes) {
      await caughtUp(runner, here);
      await until(() => runner.status().every(({ lagEvents }) => lagEvents === 0));
      expect(runner.status()).toEqual(nodes[0]!.runner.status());
    }
    await stopAll(nodes);
    expect(await expectAsRebuilt(here, 'anew')).toBeGreaterThanOrEqual(60);
  });

  it('stand in at once for one that ends', async () => {
    const here = at('one-ends');
    // Time stands still: it is not because the lease is over.
    const clock = handClock();
    const first = await startLeasedNode(here, clock, here.db);
    const rest = [
      await startLeasedNode(here, clock, here.db),
      await startLeasedNode(here, clock, here.db),
    ];
    await first.runner.stop();
    await until(() => folding(rest).length === 1);
    const { position } = await commandsOn(stores.streams).onSession(newId(), create);
    for (const { runner } of rest) await runner.progress('sessions').reached(position, patience);
    expect(folding(rest)).toHaveLength(1);
    await stopAll(rest);
    await expectAsRebuilt(here, 'anew');
  });

  it('stand in for one that dies when its lease is over, whatever it was doing', async () => {
    const { onSession } = commandsOn(stores.streams);
    for (const [index, writes] of [3, 40].entries()) {
      const here = at(`one-dies-${index}`);
      const clock = handClock();
      const mortal = mortalDb(here.db, 100 + writes, index % 2 === 0);
      const dying = await startLeasedNode(here, clock, mortal.db, 'dying');
      const rest = [await startLeasedNode(here, clock, here.db)];
      let isDead = false;
      void mortal.died.then(() => {
        isDead = true;
      });
      let last = 0;
      while (!isDead)
        last = (await onSession(newId(), create, post(question), post(answer))).position;
      // As long as the lease runs nobody can know.
      expect(folding(rest)).toEqual([]);
      clock.passLease();
      await rest[0]!.runner.progress('messages').reached(last, patience);
      await until(() => folding(rest).length === 1);
      await caughtUp(rest[0]!.runner, here);
      await stopAll([dying, ...rest]);
      await expectAsRebuilt(here, 'anew');
    }
  });
});

describe('a node that stood still beyond its lease', () => {
  it('changes nothing that the next one has done, and puts back nothing that it removed', async () => {
    const here = at('stood-still');
    const clock = handClock();
    const { onSession } = commandsOn(stores.streams);
    const [batch, renewal] = [gate(), gate()];
    const stood = new Set<string>();
    const paused = watchedDb(here.db, {
      write: async (collection, run) => {
        const closed = collection === 'projection_leases' ? renewal : batch;
        if (closed.isClosed()) stood.add(collection);
        await closed.opened();
        return run();
      },
    });
    const sleeper = await startLeasedNode(here, clock, paused, 'sleeper');
    const next = await startLeasedNode(here, clock, here.db);
    const [kept, gone] = [newId(), newId()];
    await onSession(kept, create, post(question));
    await caughtUp(sleeper.runner, here);
    for (const each of [batch, renewal]) each.close();
    await onSession(gone, create, post(question), post(answer));
    await onSession(kept, edit('m-1', 'Which day?'));
    await until(() =>
      [collectionName(sessions), 'projection_leases'].every((each) => stood.has(each)),
    );
    clock.passLease();
    await until(() => next.isFolding());
    await onSession(kept, edit('m-1', 'Which day, again?'));
    await stores.store.tombstone(`session-${gone}`);
    await caughtUp(next.runner, here);
    expect(await collectionsOf(here.db).messages.findOne({ stream: `session-${gone}` })).toBeNull();

    // It hears that the lease is no longer its own, and then what it was about to write is written.
    renewal.open();
    await until(() => !sleeper.isFolding());
    batch.open();
    await sleeper.runner.stop();
    await next.runner.stop();
    expect(await here.db.collection('projection_leases').findOne()).toMatchObject({ term: 2 });
    expect(await expectAsRebuilt(here, 'anew')).toBeGreaterThan(3);
  });
});
