import type { Db } from 'mongodb';
import { compareWithRebuild } from '../../projecting/support/compared.js';
import { caughtUp, startTestRunner } from '../../projecting/support/runners.js';
import type { StoreClients } from '../../projecting/support/stores.js';
import { type Finding, findingOf } from './finding.js';

/** Read models are what a rebuild from the first event makes of them, document for document, and nothing is parked. */
export const checkReadModels = async (stores: StoreClients): Promise<readonly Finding[]> => {
  const same = findingOf('read models equal a rebuild');
  const parked = findingOf('no event is parked');
  // What nodes had not folded yet when they were ended is folded now.
  const runner = await startTestRunner(stores);
  await caughtUp(runner, stores);
  await runner.stop();

  for (const { collection, documents, differences } of await compareWithRebuild(stores, 'anew')) {
    same.look(documents);
    for (const { id, is, wanted } of differences)
      same.broken(
        `${collection} ${id}`,
        `is ${JSON.stringify(is)}, rebuilt ${JSON.stringify(wanted)}`,
      );
  }
  await checkParked(stores.db, parked);
  return [same.done(), parked.done()];
};

const checkParked = async (db: Db, parked: ReturnType<typeof findingOf>): Promise<void> => {
  parked.look();
  for (const event of await db.collection('parked').find().toArray())
    parked.broken(`parked ${event._id}`, JSON.stringify(event));
};
