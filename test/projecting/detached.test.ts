import { createRequire } from 'node:module';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { detachStream } from '../../src/commands/detach.js';
import { execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { noSnapshots } from '../../src/eventstore/snapshots.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { listMessages } from '../../src/queries/messages.js';
import { counting } from '../support/counting-store.js';
import { checkpoint, save, start } from '../support/execution-facts.js';
import { all } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { create, edit, post, question, remove } from '../support/session-facts.js';
import { until } from '../support/until.js';
import { expectAsRebuilt } from './support/documents.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { accepted, commandsOn } from './support/traffic.js';

// The client has no call for this, only its generated stubs do, and they are CommonJS.
const require = createRequire(import.meta.url);
const grpc = require('@eventstore/db-client/generated/operations_grpc_pb.js');
const messages = require('@eventstore/db-client/generated/operations_pb.js');

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

const detach = (decider: typeof session | typeof execution, id: string) =>
  accepted(
    detachStream(
      { ...stores, snapshots: noSnapshots, copied: async () => {} },
      decider as typeof session,
      id,
      request(),
    ),
  );

/** Has the store remove what nobody can read any more, and waits until that is gone for those who follow it. */
const scavenge = async (stream: string): Promise<void> => {
  const address = new URL(stores.eventStoreUrl).host;
  const operations = new grpc.OperationsClient(address, credentials.createInsecure());
  const asked = new messages.StartScavengeReq();
  const options = new messages.StartScavengeReq.Options();
  options.setThreadCount(1);
  options.setStartFromChunk(0);
  asked.setOptions(options);
  await new Promise((resolve, reject) => {
    operations.startScavenge(asked, (error: unknown, answer: unknown) =>
      error ? reject(error) : resolve(answer),
    );
  });
  operations.close();
  await until(async () => {
    const left = [];
    for await (const item of stores.store.subscribe('start')) {
      if (item.type === 'caughtUp') break;
      if ('stream' in item && item.stream === stream) left.push(item);
    }
    return left.length === 1;
  });
};

/** Sessions and executions of which some were forked, detached, forked again, and their origins deleted. */
const make = async () => {
  const { onSession, onExecution, forkSession, forkExecution } = commandsOn(stores.streams);
  const [root, fork, heir, late, other] = [newId(), newId(), newId(), newId(), newId()];
  const posts = Array.from({ length: 150 }, (_, n) =>
    post({ ...question, messageId: `m-${n}`, content: `message ${n}` }),
  );
  await onSession(root, create, ...posts, edit('m-1', 'edited'), remove('m-2'));
  await onSession(other, create, post(question));
  await forkSession({ of: root, at: 145, id: fork, amendments: [edit('m-3', 'in the fork')] });
  await onSession(fork, post({ ...question, messageId: 'own' }));
  await forkSession({ of: fork, at: 148, id: heir, amendments: [remove('m-4')] });

  const saves = Array.from({ length: 70 }, (_, n) => save(checkpoint(`c-${n}`, { n })));
  await onExecution(root, start, ...saves);
  await onExecution(root, { type: 'PruneCheckpoints', through: 3, total: 3 });
  await forkExecution({ of: root, at: 71, id: fork });
  await onExecution(fork, save(checkpoint('c-own', { own: true })));

  await detach(session, fork);
  await detach(execution, fork);
  await forkSession({ of: fork, at: 130, id: late });
  await onSession(late, edit('m-1', 'late'));
  await onSession(fork, { type: 'ChangeSession', title: 'On its own' });
  return { root, fork, heir, late };
};

it.each([3, 1_000])(
  'read models with detached forks are those of a rebuild, in batches of %d',
  async (batchSize) => {
    const db = stores.database(`detached-${batchSize}`);
    const runner = await startTestRunner(stores, { db, batchSize });
    const { root, fork, heir, late } = await make();
    await caughtUp(runner, stores);
    const collections = collectionsOf(db);
    const listed = (id: string, at?: number) =>
      listMessages(collections, `session-${id}`, { limit: 500, ...(at !== undefined && { at }) });
    const before = await Promise.all([fork, heir, late].map((id) => listed(id)));
    const early = await listed(fork, 100);
    expect(early.items).toHaveLength(100);

    await stores.store.tombstone(`session-${root}`);
    await stores.store.tombstone(`execution-${root}`);
    await caughtUp(runner, stores);
    await runner.stop();
    expect(await Promise.all([fork, heir, late].map((id) => listed(id)))).toEqual(before);
    expect(await listed(fork, 100)).toEqual(early);
    for (const id of [fork, heir, late])
      expect(await collections.sessions.findOne({ _id: `session-${id}` })).toMatchObject({ id });
    expect(await collections.executions.findOne({ _id: `execution-${fork}` })).toMatchObject({
      checkpointCount: 68,
      forkedFrom: { stream: `execution-${root}`, revision: 71, detached: true },
    });
    expect(await collections.messages.countDocuments({ stream: `session-${root}` })).toBe(0);
    expect(await expectAsRebuilt({ ...stores, db }, 'anew')).toBeGreaterThan(200);

    // What its ancestors wrote is no longer told of anywhere.
    await scavenge(`session-${root}`);
    await scavenge(`execution-${root}`);
    await expectAsRebuilt({ ...stores, db }, 'after-scavenge');
  },
  120_000,
);

it('a fork of what a detached fork inherits costs the read models no more than any other', async () => {
  const { onSession, forkSession } = commandsOn(stores.streams);
  const [root, fork] = [newId(), newId()];
  const posts = Array.from({ length: 600 }, (_, n) => post({ ...question, messageId: `m-${n}` }));
  await onSession(root, create, ...posts);
  await forkSession({ of: root, at: 600, id: fork });
  await detach(session, fork);
  await stores.store.tombstone(`session-${root}`);
  const db = stores.database('cost');
  const store = counting(stores.store);
  const runner = await startTestRunner(stores, { db, store });
  await caughtUp(runner, stores);
  await runner.stop();

  const again = await startTestRunner(stores, { db, streams: withLineage(store) });
  await caughtUp(again, stores);
  store.reset();
  await forkSession({ of: fork, at: 590, id: newId() });
  await caughtUp(again, stores);
  await again.stop();
  // Up to 64 since the last revision kept, where streams come from, and whether the past is elsewhere.
  expect(store.counts().eventsRead).toBeLessThanOrEqual(68);
  expect((await all(stores.streams.read(`session-${fork}`))).length).toBe(603);
});
