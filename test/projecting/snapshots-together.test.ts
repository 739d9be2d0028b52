import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Collection, type Db, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { session } from '../../src/domain/session.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { type Layer, SnapshotsUnavailable } from '../../src/eventstore/snapshots.js';
import { keepSnapshots } from '../../src/projecting/snapshot-keeper.js';
import { snapshotCollection, snapshotsIn } from '../../src/projecting/snapshot-store.js';
import { streamOf } from '../replay/support/long-streams.js';
import { expectLoadedAsFolded, keptThrough, openSnapshots } from '../replay/support/snapshots.js';
import { counting } from '../support/counting-store.js';
import { newEvent } from '../support/new-events.js';
import { created, edited, posted, question } from '../support/session-facts.js';
import { until } from '../support/until.js';
import { startTestStores, type TestStores } from './support/stores.js';

const every = 4;
const kind = { category: 'session', version: session.snapshots?.version ?? 0 };
const pieces = (db: Db) => db.collection<{ _id: string }>(snapshotCollection(kind));

let stores: TestStores;
/** A database of each test's own. */
let db: Db;
let used = 0;
beforeAll(async () => {
  stores = await startTestStores();
});
beforeEach(() => {
  used++;
  db = stores.database(`together-${used}`);
});
afterAll(() => stores.close());

const headsOf = async (from: Db): Promise<readonly number[]> =>
  (await pieces(from).find({ part: 'head' }).sort({ revision: 1 }).toArray()).map(
    (piece) => (piece as unknown as { revision: number }).revision,
  );

/** The revisions that have layers in a stream of so many events. */
const layersOf = (length: number): readonly number[] =>
  Array.from({ length: Math.floor(length / every) }, (_, n) => (n + 1) * every - 1);

/** The same database, in which something is done instead of each insert. */
const inserting = (
  through: Db,
  insert: (
    collection: Collection,
    documents: readonly { part: string }[],
    go: () => unknown,
  ) => unknown,
): Db => {
  const watched = (collection: Collection) =>
    new Proxy(collection, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        if (name !== 'insertMany') return typeof own === 'function' ? own.bind(target) : own;
        return (documents: { part: string }[], options: object) =>
          insert(target, documents, () => target.insertMany(documents, options));
      },
    });
  return new Proxy(through, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name);
      if (name === 'collection') return (of: string) => watched(target.collection(of));
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
};

/** Expects every third of the layers that there are, and the highest, to lead to what folding does. */
const expectWhole = async (stream: string, keys: readonly string[]) => {
  const snapshots = await openSnapshots(db, stores.streams, { every });
  const sources = { streams: stores.streams, snapshots: { ...snapshots, missed: () => {} } };
  for (const through of (await headsOf(db)).filter(
    (_, n, { length }) => n % 3 === 0 || n === length - 1,
  ))
    await expectLoadedAsFolded(sources, session, stream, { through, keys });
  return snapshots;
};

describe('layers that are written together', () => {
  const keys = ['m-1', 'm-30', 'm-39', 'm-70', 'm-none'];

  it.each([
    { ends: 'before the first heads', at: 1, written: 0, left: 0 },
    { ends: 'between the first heads', at: 1, written: 3, left: 3 },
    { ends: 'before heads on heads', at: 2, written: 0, left: 8 },
    { ends: 'between heads on heads', at: 2, written: 5, left: 13 },
  ])(
    'are whole as far as there are heads when writing $ends, and are gone on with',
    async ({ at, written, left }) => {
      const length = 72;
      const { stream } = await streamOf(stores.store, 'session', length);
      let inserts = 0;
      const dying = inserting(db, async (collection, documents, go) => {
        if (++inserts < at) return go();
        const heads = documents.findIndex(({ part }) => part === 'head');
        await collection.insertMany(documents.slice(0, heads + written) as never[]);
        throw new Error('the process was killed');
      });
      const before = await openSnapshots(dying, stores.streams, { every });
      await keptThrough(before, stream, length - 1);
      expect(await headsOf(db)).toEqual(layersOf(length).slice(0, left));

      const snapshots = await expectWhole(stream, keys);
      await keptThrough(snapshots, stream, length - 1);
      const alone = stores.database(`alone-${used}`);
      await keptThrough(await openSnapshots(alone, stores.streams, { every }), stream, length - 1);
      // But for what tells two makings apart.
      const projection = { making: 0, digest: 0 };
      const all = (from: Db) => pieces(from).find({}, { projection }).sort({ _id: 1 }).toArray();
      expect(await headsOf(db)).toEqual(layersOf(length));
      expect(await all(db)).toEqual(await all(alone));
    },
  );

  it.each([
    { when: 'after', at: 1 },
    { when: 'before', at: 2 },
    { when: 'after', at: 2 },
  ])(
    'are not there when their stream was forgotten $when some were written for time $at',
    async ({ when, at }) => {
      const length = 72;
      const { stream } = await streamOf(stores.store, 'session', length);
      const other = snapshotsIn(db, { every });
      let inserts = 0;
      const forgetting = inserting(db, async (_, __, go) => {
        const isNow = ++inserts === at;
        if (isNow && when === 'before') await other.forget(stream);
        const inserted = await go();
        if (isNow && when === 'after') await other.forget(stream);
        return inserted;
      });
      const snapshots = await openSnapshots(forgetting, stores.streams, { every });
      await keptThrough(snapshots, stream, length - 1);
      expect(await headsOf(db)).toEqual([]);
      await keptThrough(snapshots, stream, length - 1);
      expect(await headsOf(db)).toEqual(layersOf(length));
      await expectWhole(stream, keys);
    },
  );

  it('are all there when another node writes some of them at the same time', async () => {
    const { stream } = await streamOf(stores.store, 'session', 72);
    const meeting = inserting(db, async (collection, documents, go) => {
      await collection.insertMany(documents.filter((_, n) => n % 3 === 0) as never[]);
      return go();
    });
    await keptThrough(await openSnapshots(meeting, stores.streams, { every }), stream, 71);
    expect(await headsOf(db)).toEqual(layersOf(72));
    await expectWhole(stream, keys);
  });

  it('of several streams go into the database together, and fail each for itself', async () => {
    const layer = (stream: string, revision: number, before?: number): Layer => ({
      ...{ stream, revision, position: revision, ancestors: [], commands: [] },
      ...{ head: {}, count: 1, entries: new Map([[`m-${revision}`, 'an entry']]) },
      ...(before !== undefined && { before: { stream, through: before } }),
    });
    const other = snapshotsIn(db, { every });
    let goOn = () => {};
    let inserts = 0;
    const held = inserting(db, async (_, __, go) => {
      inserts += 1;
      if (inserts === 2) await other.forget('session-torn');
      else
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      return go();
    });
    await other.prepare([kind]);
    for (const stream of ['session-torn', 'session-whole'])
      await other.add(kind, [layer(stream, 3)]);
    const store = snapshotsIn(held, { every });
    const first = store.add(kind, [layer('session-first', 3)]);
    await until(() => inserts === 1);
    const torn = store.add(kind, [layer('session-torn', 7, 3)]);
    const whole = store.add(kind, [layer('session-whole', 7, 3)]);
    goOn();
    await expect(torn).rejects.toThrow(SnapshotsUnavailable);
    await Promise.all([first, whole]);
    expect(inserts).toBe(2);
    const heads = await pieces(db).find({ part: 'head' }).sort({ _id: 1 }).toArray();
    expect(heads.map(({ _id }) => _id)).toEqual([
      ...['session-first@3 head', 'session-whole@3 head', 'session-whole@7 head'],
    ]);
  });

  it('are fewer where they are large, and none is begun after a stop', async () => {
    const { store } = stores;
    const stream = 'session-large';
    const text = 'x'.repeat(400_000);
    const events = Array.from({ length: 48 }, (_, n) => ({
      ...newEvent(n),
      ...(n === 0 ? created : posted({ ...question, messageId: `m-${n}`, content: text })),
    }));
    for (let from = 0; from < events.length; from += 2)
      await store.append(stream, events.slice(from, from + 2), from === 0 ? 'none' : from - 1);
    const kept = snapshotsIn(db, { every });
    const written: number[] = [];
    let stop: Promise<void> | undefined;
    const add: typeof kept.add = async (of, layers) => {
      written.push(layers.length);
      if (written.length === 2) stop = keeper.stop();
      return kept.add(of, layers);
    };
    const keeper = keepSnapshots(stores.streams, { ...kept, add }, pino({ level: 'silent' }));
    keeper.missed(stream, events.length - 1);
    await keeper.settled();
    await stop;
    // 1.6 MB each but the first, and written once there are 2 MB; one more may be on its way.
    expect(written).toEqual([2, 2, ...written.slice(2, 3)]);
    expect(await headsOf(db)).toEqual(layersOf(2 * every * written.length));
    // Of each layer the events come in two parts, of 1 MB at least and the rest.
    await expectWhole(stream, ['m-3', 'm-15', 'm-none']);
  });
});

describe('the snapshots of a long stream', () => {
  let client: MongoClient;
  let sent: string[];
  beforeAll(async () => {
    client = await MongoClient.connect(stores.mongoUrl, { monitorCommands: true });
    client.on('commandStarted', ({ commandName }) => {
      if (['find', 'insert', 'aggregate', 'delete'].includes(commandName)) sent.push(commandName);
    });
  });
  afterAll(() => client.close());

  /** What it asks of both stores to make all layers of a stream. */
  const costOf = async (stream: string, length: number) => {
    const counted = counting(stores.store);
    const mine = client.db(`cost-${stream}`);
    const snapshots = await openSnapshots(mine, withLineage(counted), { every });
    sent = [];
    await keptThrough(snapshots, stream, length - 1);
    expect(await headsOf(stores.database(`cost-${stream}`))).toEqual(layersOf(length));
    const count = (name: string) => sent.filter((each) => each === name).length;
    return {
      ...counted.counts(),
      finds: count('find'),
      writes: count('insert'),
      checks: count('aggregate'),
    };
  };

  it('take one read for 64 layers, and two commands for each 8', async () => {
    const layers = 64;
    const { stream } = await streamOf(stores.store, 'session', layers * every);
    const cost = await costOf(stream, layers * every);
    // One event says what the stream descends from, one that it is not deleted for good.
    expect(cost).toEqual({
      ...{ reads: 3, eventsRead: layers * every + 2, appends: 0 },
      ...{ finds: 1, writes: layers / 8, checks: layers / 8 },
    });
    const twice = await streamOf(stores.store, 'session', 2 * layers * every);
    // One event more confirms the layer that the second read goes on from.
    expect(await costOf(twice.stream, 2 * layers * every)).toEqual({
      ...{ reads: 4, eventsRead: 2 * layers * every + 3, appends: 0 },
      ...{ finds: 1, writes: (2 * layers) / 8, checks: (2 * layers) / 8 },
    });
  });

  it('look an entry up once for 8 layers, however often it changes in them', async () => {
    const stream = 'session-edited';
    const facts = [created, posted({ ...question, messageId: 'm-1' })];
    const events = Array.from({ length: 24 * every }, (_, n) => ({
      ...newEvent(n),
      ...(facts[n] ?? edited('m-1', `for time ${n}`)),
    }));
    await stores.store.append(stream, events, 'none');
    // In the first 8 it begins. Before and after each look-up there is one that says which layers are there.
    expect(await costOf(stream, events.length)).toMatchObject({ finds: 1 + 2 * 3, writes: 3 });
  });
});
