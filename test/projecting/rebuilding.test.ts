import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { projections } from '../../projections/index.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { checkpoint, save, start } from '../support/execution-facts.js';
import { freshStream, newEvents } from '../support/new-events.js';
import { answer, create, edit, post, question } from '../support/session-facts.js';
import { patience, until } from '../support/until.js';
import { expectAsRebuilt } from './support/documents.js';
import { documentsIn, goneOver, inState, startNode } from './support/nodes.js';
import { randomTraffic } from './support/random-traffic.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
  await traffic(5);
});
afterAll(() => stores.close());

const names = projections.map(({ name }) => name);
const withDatabase = (name: string): TestStores => ({ ...stores, db: stores.database(name) });

/** Sessions with messages, executions with checkpoints, forks of both. @returns the last position */
const traffic = async (sessions: number): Promise<number> => {
  const { onSession, onExecution, forkSession, forkExecution } = commandsOn(stores.streams);
  let last = 0;
  for (let n = 0; n < sessions; n++) {
    const [id, fork, run] = [newId(), newId(), newId()];
    await onSession(id, create, post(question), post(answer));
    await forkSession({ of: id, at: 1, id: fork, amendments: [edit('m-1', `Tuesday ${n}?`)] });
    await onExecution(run, start, save(checkpoint('c-1', { a: n })), save(checkpoint('c-2', {})));
    await onExecution(run, { type: 'PruneCheckpoints', through: 1, total: 1 });
    last = (await forkExecution({ of: run, at: 1, id: newId() })).position;
  }
  return last;
};

/** How many events there are that read models are made from. */
const countEvents = async (): Promise<number> => {
  const subscription = stores.store.subscribe('start');
  let count = 0;
  for await (const { type } of subscription) {
    if (type === 'caughtUp') break;
    count += 1;
  }
  return count;
};

/** Every document of every collection that serves, and of those kept beside it. */
const everything = async (stores: TestStores, nameOf: (name: string) => string) => {
  const all: Record<string, readonly object[]> = {};
  for (const { name, inherits } of projections) {
    all[name] = await documentsIn(stores.db, nameOf(name));
    if (inherits) all[`${name} before`] = await documentsIn(stores.db, `${nameOf(name)}_history`);
  }
  return all;
};

const strictlyRebuilt = async (stores: TestStores) => {
  const runner = await startTestRunner(stores, { collectionOf: ({ name }) => `strict_${name}` });
  await caughtUp(runner, stores);
  await runner.stop();
  return everything(stores, (name) => `strict_${name}`);
};

describe('a rebuild', () => {
  it('is done by one of two nodes, and both go over to it', async () => {
    const here = withDatabase('two');
    const nodes = [await startNode(here), await startNode(here)] as const;
    const rebuild = await nodes[0].rebuilding.begin(['sessions']);
    await expect(nodes[1].rebuilding.begin(['tasks'])).rejects.toThrow('a rebuild is under way');
    await Promise.all(nodes.map((node) => goneOver(node, rebuild)));
    const position = await traffic(1);
    await Promise.all(
      nodes.map((node) => node.runner.progress('sessions').reached(position, patience)),
    );
    expect(await nodes[0].documents('sessions')).toEqual((await strictlyRebuilt(here)).sessions);
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it('goes on where it was on another node when its node is gone', async () => {
    // So many that the others would have to read them all.
    const here = await startTestStores();
    const stream = freshStream('long');
    for (let n = 0; n < 5_000; n += 1_000)
      await here.store.append(stream, newEvents(1_000, n), n === 0 ? 'none' : n - 1);
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead };
    const first = await startNode(here, { batchSize: 20, clock });
    await caughtUp(first.runner, here);
    const rebuild = await first.rebuilding.begin(['streams']);
    const [built] = rebuild.models;
    const isBegun = async () => ((await first.rebuild('streams'))?.events ?? 0) > 100;
    await until(isBegun);
    await first.stop();
    const checkpoints = here.db.collection<{ _id: string; position: number }>(
      'projection_checkpoints',
    );
    const at = await checkpoints.findOne({ _id: built?.collection ?? '' });
    expect(at?.position).toBeLessThan(await here.newest());
    // As if the first had died without a word.
    await here.db
      .collection('projection_rebuilds')
      .updateOne({}, { $set: { heldBy: 'someone', heldUntil: clock.now() + 10_000 } });
    const second = await startNode(here, { clock });
    ahead = 11_000;
    await goneOver(second, rebuild);
    expect(second.serving.of('streams').collection).toBe('streams_v1_2');
    expect(await second.documents('streams')).toEqual((await strictlyRebuilt(here)).streams);
    await second.stop();
    await here.close();
  });

  it('is switched to in full when its node died while switching', async () => {
    const here = withDatabase('switching');
    const first = await startNode(here);
    const rebuild = await first.rebuilding.begin(['sessions', 'streams']);
    await goneOver(first, rebuild);
    await inState(first, 'sessions', 'switched');
    await first.stop();
    const models = here.db.collection<{ _id: string }>('projection_models');
    const before = { serving: { collection: 'sessions_v2', version: 2 }, previous: null };
    await models.updateOne({ _id: 'sessions_v2' }, { $set: before });
    await here.db
      .collection('projection_rebuilds')
      .updateOne({}, { $set: { state: 'switching', heldBy: 'someone', heldUntil: 0 } });

    const second = await startNode(here);
    expect(second.serving.of('sessions')).toEqual(before.serving);
    expect(await second.rebuilding.cancel('sessions')).toBeUndefined();
    await goneOver(second, rebuild);
    await inState(second, 'sessions', 'switched');
    expect((await second.rebuilding.standings()).get('sessions')?.model.previous).toEqual(
      before.serving,
    );
    expect(await second.documents('sessions')).toEqual((await strictlyRebuilt(here)).sessions);
    await second.stop();
  });

  it('can be given up, and leaves nothing behind', async () => {
    const here = withDatabase('cancelled');
    const node = await startNode(here, { batchSize: 5 });
    const rebuild = await node.rebuilding.begin(['sessions', 'streams']);
    expect(await node.rebuilding.cancel('tasks')).toBeUndefined();
    expect(await node.rebuilding.cancel('streams')).toMatchObject({ id: rebuild.id });
    expect(await node.rebuilding.cancel('streams')).toBeUndefined();
    await inState(node, 'sessions', 'cancelled');
    await until(async () => ((await node.rebuild('sessions'))?.litter.length ?? 1) === 0);
    const left = (await here.db.listCollections().toArray()).map(({ name }) => name);
    expect(left.filter((name) => /_v\d+_\d/.test(name))).toEqual([]);
    expect(node.serving.of('sessions').collection).toBe('sessions_v2');
    await node.stop();
  });
});

describe('what served before a rebuild', () => {
  it('serves again after a rollback, with what came meanwhile', async () => {
    const here = withDatabase('rollback');
    const nodes = [await startNode(here), await startNode(here)] as const;
    await expect(nodes[0].rebuilding.rollBack('sessions')).rejects.toThrow('nothing is kept');
    const rebuild = await nodes[0].rebuilding.begin(['sessions']);
    await Promise.all(nodes.map((node) => goneOver(node, rebuild)));
    const position = await traffic(1);
    await nodes[1].rebuilding.rollBack('sessions');
    for (const node of nodes) {
      await until(() => node.serving.of('sessions').collection === 'sessions_v2');
      await node.runner.progress('sessions').reached(position, patience);
    }
    expect(await nodes[0].documents('sessions')).toEqual((await strictlyRebuilt(here)).sessions);
    expect((await nodes[0].rebuilding.standings()).get('sessions')?.model.previous).toEqual({
      collection: 'sessions_v2_2',
      version: 2,
    });
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it('does not keep what is deleted for good, nor what forks began with of that', async () => {
    const here = withDatabase('forgotten');
    const node = await startNode(here);
    const { onSession, forkSession } = commandsOn(stores.streams);
    const [id, fork, other] = [newId(), newId(), newId()];
    await onSession(id, create, post(question));
    await forkSession({ of: id, at: 1, id: fork });
    await onSession(other, create);
    await caughtUp(node.runner, here);
    await goneOver(node, await node.rebuilding.begin(['sessions', 'messages']));
    const kept = async () => {
      const ids = [id, fork, other].map((each) => `session-${each}`);
      const filter = { stream: { $in: ids } };
      const names = ['sessions_v2', 'sessions_v2_history', 'messages_v2'];
      const counts = names.map((name) => here.db.collection(name).countDocuments(filter));
      return Promise.all(counts);
    };
    expect(await kept()).toEqual([3, 1, 1]);
    await stores.store.tombstone(`session-${id}`);
    await until(async () => (await kept()).join() === '1,0,0');
    await node.stop();
  });

  it('is gone once it is dropped, or rebuilt again', async () => {
    const here = withDatabase('dropped');
    const node = await startNode(here);
    await caughtUp(node.runner, here);
    const exists = async (name: string) =>
      (await here.db.listCollections({ name }).toArray()).length > 0;
    await goneOver(node, await node.rebuilding.begin(['sessions']));
    expect(await exists('sessions_v2_history')).toBe(true);
    // It takes a moment until the node has said that it reads the other.
    await until(() =>
      node.rebuilding.drop('sessions').then(
        () => true,
        (error: Error) => {
          expect(error.name).toBe('StillRead');
          return false;
        },
      ),
    );
    await until(
      async () => !(await exists('sessions_v2')) && !(await exists('sessions_v2_history')),
    );
    await expect(node.rebuilding.rollBack('sessions')).rejects.toThrow('nothing is kept');
    await expect(node.rebuilding.drop('sessions')).rejects.toThrow('nothing is kept');
    await goneOver(node, await node.rebuilding.begin(['sessions']));
    await inState(node, 'sessions', 'switched');
    expect(await exists('sessions_v2_2')).toBe(true);
    await goneOver(node, await node.rebuilding.begin(['sessions']));
    await until(async () => !(await exists('sessions_v2_2')));
    expect(node.serving.of('sessions').collection).toBe('sessions_v2_4');
    await node.stop();
  });

  // These write much, which the others would have to read.
  it('builds what there is already, document for document, and keeps what served', async () => {
    for (const seed of [1, 2]) await randomTraffic(stores, seed);
    const here = withDatabase('equal');
    const node = await startNode(here);
    await caughtUp(node.runner, here);
    const before = new Map(names.map((name) => [name, node.serving.of(name)]));
    const live = await everything(here, (name) => node.serving.of(name).collection);
    const rebuild = await node.rebuilding.begin(names);
    await goneOver(node, rebuild);
    for (const name of names) {
      expect(node.serving.of(name)).not.toEqual(before.get(name));
      expect((await node.rebuilding.standings()).get(name)?.model).toMatchObject({
        serving: node.serving.of(name),
        previous: before.get(name),
      });
    }
    expect(await everything(here, (name) => node.serving.of(name).collection)).toEqual(live);
    expect(live.sessions?.length).toBeGreaterThanOrEqual(10);
    expect(live['sessions before']?.length).toBeGreaterThan(0);
    for (const name of names)
      expect({ name, count: live[name]?.length }).not.toMatchObject({ count: 0 });
    // However many models there are, each event was read once.
    expect((await node.rebuild('sessions'))?.events).toBe(await countEvents());

    const { position } = await commandsOn(stores.streams).onSession(newId(), create);
    await node.runner.progress('sessions').reached(position, patience);
    expect(await node.documents('sessions')).toHaveLength((live.sessions?.length ?? 0) + 1);
    expect(await documentsIn(here.db, before.get('sessions')?.collection ?? '')).toEqual(
      live.sessions,
    );
    await node.stop();
  });

  it('misses nothing of what is written while it goes on, and queries answer throughout', async () => {
    const here = withDatabase('load');
    const node = await startNode(here, { batchSize: 50 });
    const collections = collectionsOf(here.db, node.serving.collectionOf);
    const { onSession } = commandsOn(stores.streams);
    let isOver = false;
    let written = 0;
    const writer = async () => {
      while (!isOver) {
        const id = newId();
        await onSession(id, create, post(question));
        const { position } = await onSession(id, { type: 'ChangeSession', title: 'Renamed' });
        await node.runner.progress('sessions').reached(position, patience);
        const found = await collections.sessions.findOne({ _id: `session-${id}` });
        expect(found).toMatchObject({ title: 'Renamed', messageCount: 1 });
        written += 1;
      }
    };
    const others = async () => {
      for (let seed = 3; !isOver; seed++) await randomTraffic(stores, seed);
    };
    const writers = [writer(), writer(), others()];
    const switched: string[] = [];
    try {
      for (const wanted of [['sessions', 'messages', 'streams'], ['sessions'], names]) {
        const seen = written;
        const rebuild = await node.rebuilding.begin(wanted);
        await goneOver(node, rebuild);
        switched.push(node.serving.of('sessions').collection);
        await until(() => written > seen + 5);
      }
    } finally {
      isOver = true;
    }
    await Promise.all(writers);
    await caughtUp(node.runner, here);
    expect(switched).toEqual(['sessions_v2_2', 'sessions_v2_3', 'sessions_v2_4']);
    await expectAsRebuilt(here, 'strict', ({ name }) => node.serving.of(name).collection);
    await node.stop();
  }, 180_000);
});
