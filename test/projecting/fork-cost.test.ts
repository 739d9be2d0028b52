import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { withLineage } from '../../src/eventstore/lineage.js';
import { counting } from '../support/counting-store.js';
import { create, post, question } from '../support/session-facts.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** How many events all read models together read again when a session is forked in its middle. */
const eventsReadForAFork = async (messages: number): Promise<number> => {
  const store = counting(stores.store);
  const runner = await startTestRunner(stores, { store, streams: withLineage(store) });
  const { onSession, forkSession } = commandsOn(stores.streams);
  const of = newId();
  await onSession(of, create);
  const posts = Array.from({ length: messages }, (_, n) =>
    post({ ...question, messageId: `m-${n}` }),
  );
  await onSession(of, ...posts);
  await caughtUp(runner, stores);
  store.reset();
  await forkSession({ of, at: messages / 2, id: newId(), amendments: [] });
  await caughtUp(runner, stores);
  await runner.stop();
  return store.counts().eventsRead;
};

it('reads no more events for a fork of a long stream than of a short one', async () => {
  const short = await eventsReadForAFork(80);
  const long = await eventsReadForAFork(2_000);
  expect(short).toBeGreaterThan(0);
  // Up to 64 since the last revision kept, and where the ancestor begins.
  expect(Math.max(short, long)).toBeLessThanOrEqual(66);
});
