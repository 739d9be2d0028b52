import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { v4 as newId } from 'uuid';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import { progressOf } from '../../../src/projecting/progress.js';
import { collectionsOf } from '../../../src/queries/collections.js';
import { untilWebhooks } from '../../../src/reactions/webhooks/until-webhooks.js';
import { startTestStores, type TestStores } from '../../projecting/support/stores.js';
import { newEvents } from '../../support/new-events.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** A node that was told of everything up to the head, and may be told more. */
const waiting = () => {
  const { store, db } = stores;
  const group = `test-${newId()}`;
  const listeners = new Set<(event: StoredEvent) => void>();
  const progress = progressOf('webhooks', 0);
  const stopping = new AbortController();
  let isOver = false;
  const over = untilWebhooks({
    ...{ collections: collectionsOf(db), progress, log: pino({ level: 'silent' }) },
    hasGroup: () => store.hasGroup(group),
    told: Promise.resolve({
      position: () => 10,
      each: (listener: (event: StoredEvent) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
  })(stopping.signal).then(() => {
    isOver = true;
  });
  const tell = (stream: string) => {
    const [event] = newEvents(1);
    for (const each of listeners)
      each({
        ...{ ...event!, stream, revision: 0, position: 11 },
        ...{ created: '2026-01-01T00:00:00.000Z', size: 0 },
      });
  };
  const looked = async () => {
    progress.advance(10);
    // Two questions to each store, of which the last is the one that is waited for.
    for (let n = 0; n < 2; n++) {
      await store.hasGroup(group);
      await db.collection('webhooks_v1').findOne({});
    }
  };
  return {
    over,
    isOver: () => isOver,
    tell,
    looked,
    listeners,
    stop: () => stopping.abort(),
  };
};

it('a node without webhooks waits until it hears of one, and of nothing else', async () => {
  const { over, isOver, tell, looked, listeners } = waiting();
  await looked();
  tell('session-1');
  await looked();
  expect(isOver()).toBe(false);
  tell('webhook-1');
  await over;
  expect(listeners.size).toBe(0);
});

it('a node goes on at once where the group is there', async () => {
  const group = `test-${newId()}`;
  await stores.store.makeGroup(group, { from: 'end', together: 'stream' });
  const stopping = new AbortController();
  await untilWebhooks({
    ...{ collections: collectionsOf(stores.db), progress: progressOf('webhooks', -1) },
    ...{ log: pino({ level: 'silent' }), hasGroup: () => stores.store.hasGroup(group) },
    told: Promise.resolve({ position: () => 10, each: () => () => undefined }),
  })(stopping.signal);
});

it('a node goes on where the read model has a webhook, though its group was deleted', async () => {
  const { over, isOver, looked } = waiting();
  expect(isOver()).toBe(false);
  await stores.db.collection<{ _id: string }>('webhooks_v1').insertOne({ _id: 'webhook-2' });
  await looked();
  await over;
  await stores.db.collection('webhooks_v1').deleteMany({});
});

it('a node that stops waits no longer', async () => {
  const { over, looked, stop } = waiting();
  await looked();
  stop();
  await over;
});
