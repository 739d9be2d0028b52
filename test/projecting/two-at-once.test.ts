import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { checkpoint, save, start } from '../support/execution-facts.js';
import { answer, create, edit, post, question, remove } from '../support/session-facts.js';
import { expectAsRebuilt } from './support/documents.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** Sessions and executions that are made, changed, forked and deleted, one after another. */
const makeTraffic = async (rounds: number): Promise<void> => {
  const { onSession, onExecution, forkSession } = commandsOn(stores.streams);
  for (let round = 0; round < rounds; round++) {
    const [id, fork] = [newId(), newId()];
    await onSession(id, create, post(question));
    await onSession(id, edit('m-1', `Question ${round}`), post(answer));
    await onSession(id, edit('m-1', `Question ${round}, again`), remove('m-2'));
    await onExecution(id, start, save(checkpoint('c-1', { round })));
    await forkSession({ of: id, at: 3, id: fork, amendments: [edit('m-1', 'Another')] });
    await onSession(fork, edit('m-1', 'And another'), remove('m-1'));
    if (round % 5 === 0) await stores.store.tombstone(`session-${fork}`);
  }
};

describe('two runners at once on one database', () => {
  it('come to the same documents from the first event on, whatever their batches are', async () => {
    await makeTraffic(15);
    for (const [first, second] of [
      [1_000, 1_000],
      [3, 1_000],
      [7, 2],
    ] as const) {
      const db = stores.database(`both-${first}-${second}`);
      const runners = await Promise.all(
        [first, second].map((batchSize) => startTestRunner(stores, { db, batchSize })),
      );
      await Promise.all(runners.map((runner) => caughtUp(runner, stores)));
      await Promise.all(runners.map((runner) => runner.stop()));
      expect(await expectAsRebuilt({ ...stores, db }, 'anew')).toBeGreaterThan(200);
    }
  });

  it('come to the same documents while events keep coming', async () => {
    const runners = await Promise.all(
      [1, 50].map((batchSize) => startTestRunner(stores, { batchSize })),
    );
    await makeTraffic(10);
    await Promise.all(runners.map((runner) => caughtUp(runner, stores)));
    await Promise.all(runners.map((runner) => runner.stop()));
    expect(await expectAsRebuilt(stores, 'anew')).toBeGreaterThan(200);
  });
});
