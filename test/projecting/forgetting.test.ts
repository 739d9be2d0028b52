import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Db } from 'mongodb';
import { v4 as newId } from 'uuid';
import { checkpoint, save, start } from '../support/execution-facts.js';
import { answer, create, edit, post, question, remove } from '../support/session-facts.js';
import { patience } from '../support/until.js';
import { expectAsRebuilt } from './support/documents.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** How many documents of a stream there are, by collection. */
const countsOf = async (db: Db, stream: string): Promise<Readonly<Record<string, number>>> => {
  const counts: Record<string, number> = {};
  for (const { name } of await db.listCollections().toArray())
    counts[name] = await db.collection(name).countDocuments({ stream });
  delete counts.projection_checkpoints;
  return counts;
};

/** A session and an execution of many documents. */
const make = async (id: string): Promise<void> => {
  const { onSession, onExecution } = commandsOn(stores.streams);
  await onSession(id, create, post(question), post(answer), edit('m-1', 'Tuesday?'), remove('m-2'));
  await onExecution(id, start, save(checkpoint('c-1', { a: 1 })), save(checkpoint('c-2', {})));
};

describe('a stream deleted for good', () => {
  it('leaves no document behind, and takes none of others along', async () => {
    const [gone, kept] = [newId(), newId()];
    await make(gone);
    await make(kept);
    const runner = await startTestRunner(stores);
    await caughtUp(runner, stores);
    const before = await countsOf(stores.db, `session-${gone}`);
    expect(before).toMatchObject({ sessions_v2: 1, messages_v2: 4 });
    const keptBefore = await countsOf(stores.db, `session-${kept}`);

    await stores.store.tombstone(`session-${gone}`);
    const position = await stores.store.tombstone(`execution-${gone}`);
    await runner.progress('messages').reached(position, patience);
    for (const stream of [`session-${gone}`, `execution-${gone}`])
      expect(Object.values(await countsOf(stores.db, stream))).toEqual(
        Object.keys(before).map(() => 0),
      );
    expect(await countsOf(stores.db, `session-${kept}`)).toEqual(keptBefore);
    await runner.stop();
    await expectAsRebuilt(stores, 'anew');
  });

  it('leaves none behind when its end comes in one batch with its events', async () => {
    const id = newId();
    const name = `session-${id}`;
    await make(id);
    await stores.store.tombstone(name);
    const db = stores.database('one-batch');
    const runner = await startTestRunner(stores, { db });
    await caughtUp(runner, stores);
    await runner.stop();
    expect(new Set(Object.values(await countsOf(db, name)))).toEqual(new Set([0]));
    expect((await countsOf(db, `execution-${id}`)).checkpoints_v2).toBe(2);
  });

  it.each([1, 2, 3, 1_000])(
    'takes along what forks of it began with, in batches of %d',
    async (batchSize) => {
      const { onSession, forkSession } = commandsOn(stores.streams);
      const [origin, fork, forkOfFork, other] = [newId(), newId(), newId(), newId()];
      await make(origin);
      await make(other);
      await forkSession({ of: origin, at: 2, id: fork, amendments: [edit('m-1', 'Where?')] });
      await onSession(fork, { type: 'ChangeSession', title: 'Here' });
      await forkSession({ of: fork, at: 4, id: forkOfFork });
      await stores.store.tombstone(`session-${origin}`);
      // The command handler remembers the fork, and adds to it although its past is gone.
      await onSession(fork, { type: 'ChangeSession', title: 'Still here' });

      const db = stores.database(`heirs-${batchSize}`);
      const runner = await startTestRunner(stores, { db, batchSize });
      await caughtUp(runner, stores);
      await runner.stop();
      for (const id of [fork, forkOfFork])
        expect(await countsOf(db, `session-${id}`)).toMatchObject({
          sessions_v2: 0,
          sessions_v2_history: 0,
          streams_v1: 1,
        });
      // What a fork wrote itself stays until it is deleted as well.
      expect((await countsOf(db, `session-${fork}`)).messages_v2).toBe(1);
      expect((await countsOf(db, `session-${other}`)).sessions_v2).toBe(1);
      await expectAsRebuilt({ ...stores, db }, 'anew');
    },
  );
});
