import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/eventstore/event-store.js';
import { freshStream } from '../support/new-events.js';
import { until } from '../support/until.js';
import { counts, type Fault } from './support/counting.js';
import {
  appendCounts,
  documentsOf,
  notesIn,
  parkedOf,
  reached,
  startLenient,
} from './support/lenient.js';
import { startTestStores, type TestStores } from './support/stores.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** A stream in a category of its own, a database, and a projection that cannot bear some numbers. */
const scene = (category: string, ...numbers: readonly number[]) => {
  const fault: Fault = { numbers };
  const db = stores.database(category);
  const stream = freshStream(category);
  return {
    ...{ category, fault, db, stream },
    mend: () => {
      fault.numbers = [];
    },
    append: (from: number, ...keys: readonly string[]) =>
      appendCounts(stores, stream, from, ...keys),
    start: (batchSize?: number) => startLenient(stores, db, [counts(category, fault)], batchSize),
    /** What the documents would be had nothing ever failed. */
    neverFailed: async () => {
      const sound = stores.database(`${category}-sound`);
      const runner = await startLenient(stores, sound, [counts(category, { numbers: [] })]);
      await reached(runner, await stores.newest());
      await runner.stop();
      return documentsOf(sound);
    },
  };
};

describe('an event that a projection cannot fold', () => {
  it.each([1, 2, 1_000])(
    'is parked with the later ones of its key, and everything else goes on; in batches of %d',
    async (batchSize) => {
      const { db, stream, category, append, mend, fault, neverFailed } = scene(
        `batch${batchSize}`,
        3,
      );
      const other = freshStream(category);
      await append(0, 'a', 'a', 'b', 'a', 'a', 'b');
      await appendCounts(stores, other, 0, 'a');
      const others = counts(category, { numbers: [] }, { name: 'others' });
      const runner = await startLenient(stores, db, [counts(category, fault), others], batchSize);
      await reached(runner, await append(6, 'a', 'c'));
      const documents = await documentsOf(db);
      expect(documents).toContainEqual(expect.objectContaining({ stream: other, numbers: [0] }));
      expect(documents.filter((each) => 'stream' in each && each.stream === stream)).toMatchObject([
        { numbers: [0, 1] },
        { numbers: [2, 5] },
        { numbers: [7] },
      ]);
      expect(await parkedOf(db)).toMatchObject([
        { stream, revision: 3, error: 'Error: 3 is too much', attempts: 3, type: 'Counted' },
        { stream, revision: 4, error: null },
        { stream, revision: 6, error: null },
      ]);
      expect(await parkedOf(db, 'others_v1')).toEqual([]);
      expect(await documentsOf(db, 'others_v1')).toEqual(await neverFailed());

      mend();
      const [first] = await parkedOf(db);
      expect(await runner.retry('counts', first!.eventId)).toEqual({ done: 3, error: null });
      await reached(runner, await append(8, 'a', 'b'));
      expect(await documentsOf(db)).toEqual(await documentsOf(db, 'others_v1'));
      expect(await parkedOf(db)).toEqual([]);
      await runner.stop();
    },
  );

  it('is parked again, tried once more, when a retry fails', async () => {
    const { db, append, start } = scene('again', 1);
    const runner = await start();
    await reached(runner, await append(0, 'a', 'a', 'a'));
    const [first, second] = await parkedOf(db);
    for (const { eventId } of [first!, second!])
      expect(await runner.retry('counts', eventId)).toEqual({
        done: 0,
        error: 'Error: 1 is too much',
      });
    expect(await parkedOf(db)).toMatchObject([{ attempts: 5 }, { attempts: 0 }]);
    expect(await runner.retry('counts', 'no-such-event')).toBeUndefined();
    expect(await runner.retry('no-such-projection', first!.eventId)).toBeUndefined();
    await runner.stop();
  });

  it('is left out when it is discarded, here and on another node, and later ones go on', async () => {
    const { db, append, start } = scene('discarding', 2, 4);
    const runner = await start();
    const position = await append(0, 'a', 'a', 'a', 'a', 'a', 'a');
    await reached(runner, position);
    const [first] = await parkedOf(db);
    expect(await runner.discard('counts', first!.eventId)).toEqual({
      done: 1,
      error: 'Error: 4 is too much',
    });
    const [second] = await parkedOf(db);
    expect(await runner.discard('counts', second!.eventId)).toEqual({ done: 1, error: null });
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1, 3, 5], position }]);
    await runner.stop();
    await db.collection('projection_checkpoints').deleteMany({});
    await db.collection('counts_v1').deleteMany({});
    const anew = await start();
    await reached(anew, position);
    expect(await parkedOf(db)).toEqual([]);
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1, 3, 5], position }]);
    await anew.stop();
  });

  it('keeps its key over a crash before the checkpoint, though the cause is gone', async () => {
    const { db, append, start, mend } = scene('restarting', 2);
    const first = await start();
    await reached(first, await append(0, 'a', 'a', 'a', 'a'));
    await first.stop();
    await db.collection('projection_checkpoints').deleteMany({});
    mend();
    const second = await start();
    await reached(second, await append(4, 'a'));
    const parked = await parkedOf(db);
    expect(parked.map(({ revision }) => revision)).toEqual([2, 3, 4]);
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1] }]);
    expect(await second.retry('counts', parked[1]!.eventId)).toEqual({ done: 3, error: null });
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1, 2, 3, 4] }]);
    await second.stop();
  });

  it('is parked once by two runners, and a retry by one of them frees both', async () => {
    const { db, append, start, mend } = scene('two', 2);
    const runners = [await start(), await start(1)];
    const allReached = (position: number) =>
      Promise.all(runners.map((runner) => reached(runner, position)));
    await allReached(await append(0, 'a', 'a', 'a', 'a'));
    const parked = await parkedOf(db);
    expect(parked.map(({ revision }) => revision)).toEqual([2, 3]);
    mend();
    expect(await runners[0]!.retry('counts', parked[0]!.eventId)).toEqual({ done: 2, error: null });
    await allReached(await append(4, 'a', 'a'));
    expect(await parkedOf(db)).toEqual([]);
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1, 2, 3, 4, 5] }]);
    await Promise.all(runners.map((runner) => runner.stop()));
  });

  it('loses nothing that comes while it is retried', async () => {
    const { db, append, start, mend, neverFailed } = scene('meanwhile', 0);
    const runners = [await start(), await start(3)];
    const keys = Array.from({ length: 60 }, (_, n) => (n % 3 === 0 ? 'a' : 'b'));
    const held = await append(0, 'a');
    await Promise.all(runners.map((runner) => reached(runner, held)));
    const parked = await parkedOf(db);
    mend();
    const appended = (async () => {
      let last = 0;
      for (const [n, key] of keys.entries()) last = await append(n + 1, key);
      return last;
    })();
    for (;;) {
      const [first] = await parkedOf(db);
      if (first) await runners[0]!.retry('counts', first.eventId);
      if (await Promise.race([appended, undefined])) break;
    }
    const last = await appended;
    await Promise.all(runners.map((runner) => reached(runner, last)));
    for (const { eventId } of await parkedOf(db)) await runners[1]!.retry('counts', eventId);
    expect(parked).toHaveLength(1);
    expect(await documentsOf(db)).toEqual(await neverFailed());
    expect(await parkedOf(db)).toEqual([]);
    await Promise.all(runners.map((runner) => runner.stop()));
  });

  it('for want of a store is not parked, but waited for', async () => {
    const { db, append, start, fault, mend } = scene('away', 1);
    fault.why = () => new StoreUnavailable('it is away');
    const runner = await start();
    let failures = 0;
    fault.why = () => {
      failures += 1;
      return new StoreUnavailable('it is away');
    };
    const position = await append(0, 'a', 'a');
    await until(() => failures > 3);
    expect(runner.progress('counts').position()).toBeLessThan(position);
    mend();
    await reached(runner, position);
    expect(await parkedOf(db)).toEqual([]);
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1] }]);
    await runner.stop();
  });

  it('because its key cannot be told holds its stream, and leaves what it holds to its keys', async () => {
    const { db, stream, category, fault, append } = scene('keyless', 2);
    const { key } = counts(category, fault);
    let isBroken = true;
    const keyless = counts(category, fault, {
      key: (event) => {
        if (isBroken && event.revision === 3) throw new Error('who knows');
        return key(event);
      },
    });
    const runner = await startLenient(stores, db, [keyless]);
    await reached(runner, await append(0, 'a', 'b', 'a', 'b', 'a', 'b'));
    const parked = await parkedOf(db);
    expect(parked.map(({ revision, lane }) => [revision, lane])).toEqual([
      [2, `key:${stream}/a`],
      [3, `stream:${stream}`],
      [4, `stream:${stream}`],
      [5, `stream:${stream}`],
    ]);
    isBroken = false;
    expect(await runner.retry('counts', parked[1]!.eventId)).toEqual({ done: 2, error: null });
    expect((await parkedOf(db)).map(({ revision, lane }) => [revision, lane])).toEqual([
      [2, `key:${stream}/a`],
      [4, `key:${stream}/a`],
    ]);
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0] }, { numbers: [1, 3, 5] }]);
    await runner.stop();
  });

  it('is forgotten with its stream when that is deleted for good, discarded ones too', async () => {
    const { db, stream, append, start } = scene('ending', 1, 2);
    const runner = await start();
    await reached(runner, await append(0, 'a', 'a', 'a', 'a'));
    const [first] = await parkedOf(db);
    await runner.discard('counts', first!.eventId);
    expect(await parkedOf(db)).toHaveLength(2);
    await reached(runner, await stores.store.tombstone(stream));
    expect(await notesIn(db)).toEqual([]);
    expect(await documentsOf(db)).toEqual([]);
    await runner.stop();
  });

  it('of a stream deleted for good leaves its key to those of other streams behind it', async () => {
    const { db, stream, category, fault, append, mend } = scene('shared-key', 1);
    const total = counts(category, fault, { spans: true, key: () => 'total' });
    const runner = await startLenient(stores, db, [total]);
    const other = freshStream(category);
    await append(0, 'a', 'a', 'a');
    await reached(runner, await appendCounts(stores, other, 0, 'a', 'a'));
    expect(await parkedOf(db)).toHaveLength(4);
    await reached(runner, await stores.store.tombstone(stream));
    const left = await parkedOf(db);
    expect(left).toMatchObject([
      { stream: other, revision: 0 },
      { stream: other, revision: 1 },
    ]);
    expect(JSON.stringify(await notesIn(db))).not.toContain(stream);
    await reached(runner, await appendCounts(stores, other, 2, 'a'));
    expect(await parkedOf(db)).toHaveLength(3);

    mend();
    expect(await runner.retry('counts', left[0]!.eventId)).toEqual({ done: 3, error: null });
    await reached(runner, await appendCounts(stores, other, 3, 'a'));
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 0, 1, 2, 3] }]);
    expect(await notesIn(db)).toEqual([]);
    await runner.stop();
  });

  it('of a document of many streams waits alone where its key cannot be told, and is never lost unseen', async () => {
    const { db, category, fault, append, mend } = scene('spanning', 3);
    let isBroken = true;
    const other = freshStream(category);
    const total = counts(category, fault, {
      spans: true,
      key: (event) => {
        if (isBroken && event.revision === 1 && event.stream !== other)
          throw new Error('who knows');
        return 'total';
      },
    });
    const runner = await startLenient(stores, db, [total]);
    await append(0, 'a', 'a', 'a');
    await reached(runner, await appendCounts(stores, other, 0, 'a'));
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 2, 0] }]);
    isBroken = false;
    const [early] = await parkedOf(db);
    expect(await runner.retry('counts', early!.eventId)).toMatchObject({
      done: 0,
      error: expect.stringContaining('rebuild'),
    });
    expect(await runner.discard('counts', early!.eventId)).toEqual({ done: 0, error: null });

    await append(3, 'a');
    await reached(runner, await appendCounts(stores, other, 1, 'a'));
    const parked = await parkedOf(db);
    expect(parked.map(({ lane }) => lane)).toEqual(['key:total', 'key:total']);
    mend();
    expect(await runner.retry('counts', parked[0]!.eventId)).toEqual({ done: 2, error: null });
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 2, 0, 3, 1] }]);
    await runner.stop();
  });
});
