import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { projections } from '../../projections/index.js';
import { collectionName } from '../../src/projecting/read-model.js';
import { collectionsOf } from '../../src/queries/collections.js';
import type { StoreClients } from '../projecting/support/stores.js';

/** For how long nothing may happen any more until a run counts as settled, and how long that may take. */
const stillMs = 3_000;
const patienceMs = 240_000;
/** What is due within this time is waited for. */
const aheadMs = 300_000;

/** What has yet to happen, in words; undefined when nothing has. */
const outstanding = async (db: Db, newest: number): Promise<string | undefined> => {
  const { tasks, deadlines, executions } = collectionsOf(db);
  const checkpoints = db.collection<{ _id: string; position: number }>('projection_checkpoints');
  const live = projections.map(collectionName);
  const behind = await checkpoints.countDocuments({
    _id: { $in: live },
    position: { $lt: newest },
  });
  if (behind > 0) return `${behind} read models are behind`;
  const soon = new Date(Date.now() + aheadMs).toISOString();
  const counts = {
    'open tasks': await tasks.countDocuments({ status: { $in: ['ready', 'delayed', 'running'] } }),
    'deadlines to come': await deadlines.countDocuments({ dueAt: { $lt: soon } }),
    'pending deliveries': await db
      .collection('webhook_deliveries')
      .countDocuments({ status: 'pending' }),
    'stages under way': await executions.countDocuments({
      status: 'running',
      dispatched: { $exists: true },
    }),
  };
  const open = Object.entries(counts).filter(([, count]) => count > 0);
  return open.length === 0 ? undefined : open.map(([what, n]) => `${n} ${what}`).join(', ');
};

/**
 * Waits until everything has happened that follows from what was done: tasks are over, deadlines have
 * passed, webhooks are delivered, read models are up to date.
 *
 * @returns what has not, after a long time; undefined when everything has
 */
export const untilSettled = async (
  { db, newest }: StoreClients,
  tell: (outstanding: string) => void,
): Promise<string | undefined> => {
  const giveUp = performance.now() + patienceMs;
  let head = -1;
  let stillSince = performance.now();
  for (;;) {
    const position = await newest();
    const left = await outstanding(db, position);
    if (left !== undefined || position !== head) stillSince = performance.now();
    head = position;
    if (performance.now() - stillSince > stillMs) return undefined;
    if (performance.now() > giveUp) return left ?? 'events go on being added';
    tell(left ?? 'nothing');
    await delay(250);
  }
};
