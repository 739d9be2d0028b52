import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { detachStream } from '../../src/commands/detach.js';
import { noteLineage } from '../../src/commands/ended-streams.js';
import { commandHandler, type Handled } from '../../src/commands/handle.js';
import { session } from '../../src/domain/session.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { load } from '../../src/eventstore/load.js';
import { keepSnapshots } from '../../src/projecting/snapshot-keeper.js';
import { snapshotsIn } from '../../src/projecting/snapshot-store.js';
import { streamOf } from '../replay/support/long-streams.js';
import {
  expectLoadedAsFolded,
  keptThrough,
  openSnapshots,
  type TestSnapshots,
} from '../replay/support/snapshots.js';
import { counting } from '../support/counting-store.js';
import { all } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { edit, post, question } from '../support/session-facts.js';
import { until } from '../support/until.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { accepted, commandsOn } from './support/traffic.js';

let stores: TestStores;
let snapshots: TestSnapshots;
beforeEach(async () => {
  stores = await startTestStores();
  snapshots = await openSnapshots(stores.db, stores.streams);
});
afterEach(async () => {
  await snapshots.keeper.stop();
  await stores.close();
});

const pieces = (): Collection<Document & { _id: string }> =>
  stores.db.collection(`session_layers_v${session.snapshots?.version}`);

/** The same database, told of each search for pieces before it is begun. */
const asking = (db: Db, before: (filter: Document) => Promise<void>): Db =>
  new Proxy(db, {
    get: (target, name) =>
      name === 'collection'
        ? (of: string) => {
            const collection = target.collection(of);
            const find = collection.find.bind(collection);
            return Object.assign(collection, {
              find: (filter: Document) => {
                const cursor = find(filter);
                const toArray = cursor.toArray.bind(cursor);
                return Object.assign(cursor, {
                  toArray: async () => {
                    await before(filter);
                    return toArray();
                  },
                });
              },
            });
          }
        : Reflect.get(target, name),
  });

/** A session of 200 events, with its snapshots at 63, 127 and 191. */
const keptSession = async () => {
  const made = await streamOf(stores.store, 'session', 200);
  await keptThrough(snapshots, made.stream, 199);
  const heads = await pieces()
    .find({ stream: made.stream, part: 'head' })
    .sort({ revision: 1 })
    .toArray();
  expect(heads.map(({ revision }) => revision)).toEqual([63, 127, 191]);
  return made;
};

const keys = ['m-1', 'm-100', 'm-199', 'm-none'];
const sources = () => ({ streams: stores.streams, snapshots });

/**
 * Expects what is loaded to be what is folded, and gives how many events it took: one says what the
 * stream descends from, one confirms the snapshot, the others came after it.
 */
const eventsRead = async (stream: string, through?: number): Promise<number> => {
  await expectLoadedAsFolded(sources(), session, stream, {
    ...{ keys },
    ...(through !== undefined && { through }),
  });
  const counted = counting(stores.store);
  await load({ streams: withLineage(counted), snapshots }, session, stream, {
    ...{ keys },
    ...(through !== undefined && { through }),
  });
  return counted.counts().eventsRead;
};

describe('a snapshot', () => {
  it('is passed over when it is missing, in favour of the one before', async () => {
    const { stream } = await keptSession();
    expect(await eventsRead(stream)).toBe(8 + 2);
    await pieces().deleteOne({ _id: `${stream}@191 head` });
    expect(await eventsRead(stream)).toBe(72 + 2);
  });

  it('comes anew, with those before it, after all were lost', async () => {
    const { stream } = await keptSession();
    const written = () =>
      pieces()
        .find({}, { projection: { making: 0, digest: 0 } })
        .sort({ _id: 1 })
        .toArray();
    const before = await written();
    await pieces().deleteMany({});
    expect(await load(sources(), session, stream)).not.toHaveProperty('outset');
    // Whoever had to read so much has said so.
    await snapshots.keeper.settled();
    expect(await eventsRead(stream)).toBe(8 + 2);
    expect(await written()).toEqual(before);
  });

  it('of which something is not as it was written is not used, and comes anew', async () => {
    const { stream } = await keptSession();
    const body = '{"state":{"status":"terminated"},"count":0}';
    for (const which of [{ part: 'head' }, { keys: 'm-100' }]) {
      const changed = await pieces().updateMany({ stream, ...which }, { $set: { body } });
      expect(changed.modifiedCount).toBeGreaterThan(0);
      await expectLoadedAsFolded(sources(), session, stream, { keys });
      await snapshots.keeper.settled();
      expect(await eventsRead(stream)).toBe(8 + 2);
    }
  });

  it('of another version is not used', async () => {
    const { stream } = await keptSession();
    const changed = {
      ...session,
      snapshots: { ...session.snapshots!, version: session.snapshots!.version + 1 },
      evolve: (...args: Parameters<typeof session.evolve>) => {
        const state = session.evolve(...args);
        return state.status === 'absent' ? state : { ...state, title: 'of the new version' };
      },
    };
    const { state, outset } = await load(sources(), changed, stream, { keys });
    expect(outset).toBeUndefined();
    expect(state).toMatchObject({ title: 'of the new version' });
  });

  it.each([150, 200])(
    'of an event store that has another history of %d events now is not used, and comes anew',
    async (length) => {
      const { stream } = await keptSession();
      const other = await startTestStores();
      await streamOf(other.store, 'session', 1);
      const events = await all(stores.streams.read(stream, { through: length - 1 }));
      await other.store.append(stream, events, 'none');
      const found = await openSnapshots(stores.db, other.streams);
      const from = { streams: other.streams, snapshots: found };
      expect(await load(from, session, stream, { keys })).not.toHaveProperty('outset');
      await found.keeper.settled();
      expect(await expectLoadedAsFolded(from, session, stream, { keys })).toHaveProperty('outset');
      await found.keeper.stop();
      await other.close();
    },
  );

  it.each([
    ['when it was loaded', true],
    ['when it was made', false],
  ])('made anew while it is read is not taken for the one known from %s', async (_, isLoaded) => {
    const { stream } = await keptSession();
    const { outset } = await load(sources(), session, stream);
    if (!outset) throw new Error('there is a snapshot');
    // It is gone when an entry is looked for, and there again when that is asked.
    const asked = asking(stores.db, async ({ keys }) => {
      if (keys !== undefined) return snapshots.discard(stream);
      if ((await pieces().countDocuments({ stream })) === 0)
        await keptThrough(snapshots, stream, 199);
    });
    const { kind, segments, making } = outset;
    expect(making).toEqual(expect.any(String));
    const entries = snapshotsIn(asked).entries(
      kind,
      segments,
      ['m-1'],
      isLoaded ? making : undefined,
    );
    await expect(entries).rejects.toThrow('made anew');
  });

  it('serves nobody any more once it was removed under a state loaded from it', async () => {
    const { id, stream } = await keptSession();
    const handler = commandHandler(stores.streams, session, { snapshots });
    await handler(id, [edit('m-199', 'x')], request());
    await pieces().drop();
    const again = post({ ...question, content: 'else', messageId: 'm-1' });
    expect(await handler(id, [again], request())).toEqual({ rejected: 'message-already-exists' });
    await snapshots.keeper.settled();
    expect(await eventsRead(stream)).toBe(9 + 2);
  });
});

it('does not wait for those of another stream', async () => {
  const [slow, other] = [
    await streamOf(stores.store, 'session', 100),
    await streamOf(stores.store, 'session', 100),
  ];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const store = snapshotsIn(stores.db);
  const add: typeof store.add = async (kind, layers) => {
    if (layers[0]?.stream === slow.stream) await released;
    return store.add(kind, layers);
  };
  const keeper = keepSnapshots(stores.streams, { ...store, add }, pino({ level: 'silent' }));
  const headOf = (stream: string) => pieces().findOne({ stream, part: 'head' });
  keeper.missed(slow.stream, 99);
  keeper.missed(other.stream, 99);
  await until(async () => (await headOf(other.stream)) !== null);
  expect(await headOf(slow.stream)).toBeNull();
  release();
  await keeper.settled();
  expect(await headOf(slow.stream)).toMatchObject({ revision: 63 });
  await keeper.stop();
});

it('carries out commands and shows states while the database is away', async () => {
  const { id, stream } = await keptSession();
  const patient = await openSnapshots(stores.db, stores.streams, { patienceMs: 200 });
  const warm = commandHandler(stores.streams, session, { snapshots: patient });
  await warm(id, [edit('m-1', 'before')], request());
  await stores.stopMongo();
  const cold = commandHandler(stores.streams, session, { snapshots: patient });
  for (const handler of [warm, cold]) {
    const other = post({ ...question, content: 'else', messageId: 'm-7' });
    expect(await handler(id, [other], request())).toEqual({ rejected: 'message-already-exists' });
    const outcome = await handler(id, [edit('m-2', handler === warm ? 'a' : 'b')], request());
    expect(outcome).toMatchObject({ added: 1 });
  }
  const away = { streams: stores.streams, snapshots: patient };
  await expectLoadedAsFolded(away, session, stream, { keys });
  await stores.startMongo();
  await patient.keeper.stop();
});

it('is not asked for a message whose id was made for it', async () => {
  const { id, stream } = await keptSession();
  let asked = 0;
  const entries: typeof snapshots.entries = (...args) => {
    asked += 1;
    return snapshots.entries(...args);
  };
  const handler = commandHandler(stores.streams, session, { snapshots: { ...snapshots, entries } });
  const message = { ...question, messageId: 'm-new' };
  await handler(id, [edit('m-1', 'x')], request());
  expect(asked).toBe(1);
  const posted = await handler(id, [{ type: 'PostMessage', isNew: true, ...message }], request());
  expect(posted).toMatchObject({ added: 1 });
  expect(asked).toBe(1);
  expect(await handler(id, [post(message)], request())).toMatchObject({ added: 0 });
  expect(await handler(id, [edit('m-new', 'changed')], request())).toMatchObject({ added: 1 });
  await expectLoadedAsFolded(sources(), session, stream, { keys: [...keys, 'm-new'] });
  expect((await all(stores.streams.read(stream, { from: 201 })))[0]?.data).toEqual(message);
});

it('recognises a command from before the snapshot', async () => {
  const { id } = await streamOf(stores.store, 'session', 100);
  const asked = request();
  const first = await commandHandler(stores.streams, session)(id, [edit('m-1', 'x')], asked);
  const others = commandsOn(stores.streams);
  for (let n = 0; n < 70; n += 1) await others.onSession(id, edit('m-1', `at ${n}`));
  await keptThrough(snapshots, `session-${id}`, 170);
  const counted = counting(stores.store);
  const cold = commandHandler(withLineage(counted), session, { snapshots });
  const again = await cold(id, [edit('m-1', 'x')], asked);
  expect(again).toEqual({ ...first, added: 0, state: (again as Handled<unknown>).state });
  expect(counted.counts().eventsRead).toBeLessThan(64);
});

describe('as events go by', () => {
  it('snapshots are made of every stream, and of forks from where their ancestors end', async () => {
    const runner = await startTestRunner(stores, { follower: snapshots.keeper.follow });
    const { onSession, forkSession } = commandsOn(stores.streams);
    const { id, stream } = await streamOf(stores.store, 'session', 150);
    const fork = await forkSession({ of: id, at: 140, id: 'f-1' });
    for (let n = 0; n < 60; n += 1) await onSession('f-1', edit('m-1', `in the fork ${n}`));
    await caughtUp(runner, stores);
    await snapshots.keeper.settled();
    await runner.stop();
    const heads = await pieces().find({ part: 'head' }).sort({ revision: 1 }).toArray();
    expect(heads.map((head) => [head.stream, head.revision])).toEqual([
      ...[
        [stream, 63],
        [stream, 127],
        [fork.stream, 191],
      ],
    ]);
    expect(await eventsRead(fork.stream)).toBe(10 + 2);
    expect(await eventsRead(fork.stream, 139)).toBe(12 + 2);
  });

  it('snapshots of a detached fork, and of its forks, are made of what it has itself', async () => {
    const { streams, store } = stores;
    const runner = await startTestRunner(stores, {
      follower: async (events) => {
        events.forEach(noteLineage(streams));
        await snapshots.keeper.follow(events);
      },
    });
    const { onSession, forkSession } = commandsOn(streams);
    const { id, stream } = await streamOf(store, 'session', 150);
    const fork = await forkSession({ of: id, at: 140, id: 'f-3' });
    for (let n = 0; n < 60; n += 1)
      await onSession('f-3', edit(`m-${100 + (n % 40)}`, `fork ${n}`));
    const heir = await forkSession({ of: 'f-3', at: 199, id: 'f-4' });
    for (let n = 0; n < 60; n += 1) await onSession('f-4', edit('m-1', `heir ${n}`));
    await caughtUp(runner, stores);
    await snapshots.keeper.settled();

    const copied = async () => {};
    const detached = { streams, store, snapshots, copied };
    await accepted(detachStream(detached, session, 'f-3', request()));
    // A node that has not heard of it goes on with what it knows: the same, made on the ancestors.
    const other = await openSnapshots(stores.db, withLineage(store));
    await keptThrough(other, heir.stream, 260);
    await caughtUp(runner, stores);
    await snapshots.keeper.settled();
    await store.tombstone(stream);
    await caughtUp(runner, stores);
    await runner.stop();
    snapshots.keeper.missed(heir.stream, 260);
    await snapshots.keeper.settled();

    const wanted = ['m-1', 'm-99', 'm-102', 'm-139', 'm-150', 'm-none'];
    for (const [each, through] of [
      ...([
        [fork.stream, 201],
        [fork.stream, 100],
        [heir.stream, 260],
        [heir.stream, 150],
      ] as const),
    ]) {
      const knowing = withLineage(store);
      knowing.noteDetached([fork.stream]);
      const loaded = await expectLoadedAsFolded({ streams: knowing, snapshots }, session, each, {
        ...{ keys: wanted, through },
      });
      expect(loaded.outset).toBeDefined();
    }
  });

  it('each is made of what came by since the one before, and nothing is read', async () => {
    const { id, stream } = await keptSession();
    const counted = counting(stores.store);
    const streams = withLineage(counted);
    const client = await MongoClient.connect(stores.mongoUrl, { monitorCommands: true });
    let finds = 0;
    client.on('commandStarted', ({ commandName }) => {
      if (commandName === 'find') finds += 1;
    });
    const { keeper } = await openSnapshots(client.db(stores.db.databaseName), streams);
    const { onSession } = commandsOn(stores.streams);
    /** Goes on to a revision with messages, and with an edit of one at the very next, and has some of it come by. */
    const next = async (from: number, to: number, edited?: string, passing = from) => {
      for (let at = from; at <= to; at += 1)
        await (edited !== undefined && at === from
          ? onSession(id, edit(edited, `changed at ${at}`))
          : onSession(id, post({ ...question, messageId: `m-${at}` })));
      await keeper.follow(await all(stores.streams.read(stream, { from: passing, through: to })));
      counted.reset();
      finds = 0;
      await keeper.settled();
      return { ...counted.counts(), finds };
    };
    // Of the first some came by before: from the newest layer on, which one event confirms. Another says what the
    // stream descends from.
    expect(await next(200, 255)).toMatchObject({ eventsRead: 1 + 65, finds: 1 });
    const nothing = { reads: 0, eventsRead: 0, appends: 0, finds: 0 };
    expect(await next(256, 319)).toEqual(nothing);
    expect(await next(320, 390)).toEqual(nothing);
    // An entry of an older layer is looked up, and before and after that which layers are there.
    expect(await next(391, 450, 'm-1')).toEqual({ ...nothing, finds: 3 });
    // After a gap everything since is read.
    expect(await next(451, 511, undefined, 460)).toMatchObject({ eventsRead: 65, finds: 0 });
    await keeper.stop();
    await client.close();
    expect(await eventsRead(stream)).toBe(0 + 2);
    await expectLoadedAsFolded(sources(), session, stream, { keys: [...keys, 'm-400'] });
  });

  it('all are made anew once those before were lost', async () => {
    const { id, stream } = await keptSession();
    const { onSession } = commandsOn(stores.streams);
    await pieces().deleteMany({});
    for (let at = 200; at < 256; at += 1)
      await onSession(id, post({ ...question, messageId: `m-${at}` }));
    await snapshots.keeper.follow(await all(stores.streams.read(stream, { from: 200 })));
    await snapshots.keeper.settled();
    const heads = await pieces().find({ part: 'head' }).sort({ revision: 1 }).toArray();
    expect(heads.map(({ revision }) => revision)).toEqual([63, 127, 191, 255]);
    expect(await eventsRead(stream)).toBe(0 + 2);
  });

  it('two keepers at once make the same ones', async () => {
    const other = await openSnapshots(stores.db, stores.streams);
    const { stream } = await streamOf(stores.store, 'session', 700);
    await Promise.all([snapshots, other, snapshots].map((each) => keptThrough(each, stream, 699)));
    expect(await pieces().countDocuments({ part: 'head' })).toBe(10);
    expect(await eventsRead(stream)).toBe(60 + 2);
    await other.keeper.stop();
  });

  it('those of a stream deleted for good are removed, of every version, with those of its forks', async () => {
    const runner = await startTestRunner(stores, { follower: snapshots.keeper.follow });
    const { onSession, forkSession } = commandsOn(stores.streams);
    const gone = await streamOf(stores.store, 'session', 130);
    const kept = await streamOf(stores.store, 'session', 130);
    await forkSession({ of: gone.id, at: 100, id: 'f-2' });
    for (let n = 0; n < 30; n += 1) await onSession('f-2', edit('m-1', `in the fork ${n}`));
    await caughtUp(runner, stores);
    await snapshots.keeper.settled();
    const older = stores.db.collection<Document & { _id: string }>('session_snapshots_v0');
    await older.insertMany(await pieces().find({}).toArray());
    const counts = async (stream: string) =>
      Promise.all([pieces(), older].map((all) => all.countDocuments({ stream })));
    const keptBefore = await counts(kept.stream);
    expect(
      Math.min(...(await counts(gone.stream)), ...(await counts('session-f-2'))),
    ).toBeGreaterThan(0);

    await stores.store.tombstone(gone.stream);
    await caughtUp(runner, stores);
    await runner.stop();
    expect(await counts(gone.stream)).toEqual([0, 0]);
    expect(await counts('session-f-2')).toEqual([0, 0]);
    expect(await counts(kept.stream)).toEqual(keptBefore);
  });

  it.each([0, 150])(
    'those made of what came by of a stream that is deleted meanwhile, after %d events, do not stay',
    async (before) => {
      const { stream } = await streamOf(stores.store, 'session', 200);
      const events = await all(stores.streams.read(stream));
      await stores.streams.ancestryOf(stream);
      const { keeper } = await openSnapshots(stores.db, stores.streams);
      await keeper.follow(events.slice(0, before));
      await keeper.settled();
      const heads = { stream, part: 'head' };
      expect(await pieces().countDocuments(heads)).toBe(Math.floor(before / 64));
      // Another node heard of its end, and has removed what there was.
      await stores.store.tombstone(stream);
      await snapshots.discard(stream);
      await keeper.follow(events.slice(before));
      await keeper.settled();
      expect(await pieces().countDocuments({ stream })).toBe(0);
    },
  );

  it('those of a long stream that is deleted while they are written do not stay', async () => {
    const { stream } = await streamOf(stores.store, 'session', 1_600);
    const kept = snapshotsIn(stores.db);
    let times = 0;
    const add: typeof kept.add = async (...layers) => {
      times += 1;
      if (times === 2) {
        await stores.store.tombstone(stream);
        await kept.forget(stream);
      }
      await kept.add(...layers);
    };
    const keeper = keepSnapshots(stores.streams, { ...kept, add }, pino({ level: 'silent' }));
    keeper.missed(stream, 1_599);
    await keeper.settled();
    expect(times).toBeGreaterThan(1);
    expect(await pieces().countDocuments({ stream })).toBe(0);
  });

  it('those of a fork that is deleted meanwhile do not stay on those of its ancestor', async () => {
    const { id, stream } = await keptSession();
    const { onSession, forkSession } = commandsOn(stores.streams);
    await forkSession({ of: id, at: 100, id: 'f-gone' });
    for (let n = 0; n < 60; n += 1) await onSession('f-gone', edit('m-1', `in the fork ${n}`));
    const fork = 'session-f-gone';
    const kept = snapshotsIn(stores.db);
    const add: typeof kept.add = async (...layers) => {
      // Its events are read by now.
      await stores.store.tombstone(fork);
      await kept.forget(fork);
      await kept.add(...layers);
    };
    const keeper = keepSnapshots(stores.streams, { ...kept, add }, pino({ level: 'silent' }));
    keeper.missed(fork, 160);
    await keeper.settled();
    expect(await pieces().countDocuments({ stream: fork })).toBe(0);
    expect(await pieces().countDocuments({ stream, part: 'head' })).toBe(3);
  });

  it('those made while their stream was being deleted do not stay', async () => {
    const { stream } = await streamOf(stores.store, 'session', 130);
    // The keeper comes to it after its end has gone by.
    await stores.store.tombstone(stream);
    await keptThrough(snapshots, stream, 129);
    const { stream: other } = await streamOf(stores.store, 'session', 6_400);
    snapshots.missed(other, 6_399);
    await until(async () => (await pieces().countDocuments({ stream: other })) > 0);
    await stores.store.tombstone(other);
    await snapshots.keeper.settled();
    expect(await pieces().countDocuments({ stream: { $in: [stream, other] } })).toBe(0);
  });
});
