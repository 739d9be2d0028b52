import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { cancel, claim, complete, fail, retry, submit } from '../support/task-facts.js';
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

describe('a document made of many streams', () => {
  it.each([1, 2, 3, 1_000])(
    'counts what a stream did that was deleted for good, in batches of %d',
    async (batchSize) => {
      const { onTask, forkTask } = commandsOn(stores.streams);
      const [gone, done, dead, fork] = [newId(), newId(), newId(), newId()];
      const queue = `queue-${batchSize}`;
      await onTask(gone, submit({ queue }));
      const db = stores.database(`spanning-${batchSize}`);
      const runner = await startTestRunner(stores, { db, batchSize });
      await onTask(done, submit({ queue }), claim());
      await onTask(dead, submit({ queue }), claim(), fail({ retryable: false }));
      await forkTask({ of: gone, at: 0, id: fork, amendments: [retry] });
      await onTask(gone, cancel);
      await caughtUp(runner, stores);
      await onTask(done, complete());
      const position = await stores.store.tombstone(`task-${gone}`);
      await runner.progress('queues').reached(position, patience);
      await runner.stop();
      expect(await db.collection('queues_v1').find({ queue }).toArray()).toMatchObject([
        {
          ...{ userId: 'ann', ready: 1, delayed: 0, running: 0, completed: 1, failed: 1 },
          ...{ dead: 1, cancelled: 1, minutes: [{ completed: 1 }] },
        },
      ]);
      expect(await db.collection('tasks_v2').countDocuments({ queue })).toBe(2);
      await expectAsRebuilt({ ...stores, db }, 'anew');
    },
  );
});
