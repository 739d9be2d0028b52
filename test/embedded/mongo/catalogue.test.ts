import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalogue, segmentRange } from '../../../src/embedded/mongo/catalogue.js';
import { type Context, writeWith } from '../../../src/embedded/mongo/context.js';
import { Cursors } from '../../../src/embedded/mongo/cursors.js';
import { parseIndex } from '../../../src/embedded/mongo/index-spec.js';
import { createPurger } from '../../../src/embedded/mongo/purging.js';
import { decode, encode } from '../../../src/embedded/mongo/raw.js';
import { openTestStore, type TestStore } from './support/store.js';

describe('the catalogue', () => {
  let test: TestStore;
  let context: Context;
  beforeAll(async () => {
    test = await openTestStore();
    context = {
      ...test,
      cursors: new Cursors(() => 0),
      purge: () => undefined,
      startedAt: new Date(0),
    };
  });
  afterAll(async () => {
    context.cursors.close();
    await test.close();
  });

  const fill = (ns: string, count: number) =>
    test.store.write(() => {
      test.catalogue.create(ns);
      const index = parseIndex({ key: { n: 1 }, name: 'n_1' });
      test.catalogue.saveIndex(ns, {
        ...index,
        segment: test.catalogue.newSegment(),
        isBuilding: false,
      });
      for (let i = 0; i < count; i++) test.documents.insert(ns, encode({ _id: i, n: i }));
    });

  it('lets go of a dropped collection at once and of its keys little by little, also after a restart', async () => {
    await fill('a.kept', 3);
    await fill('a.dropped', 1200);
    const segments = test.catalogue.get('a.dropped').indexes.map(({ segment }) => segment);
    await test.store.write(() => test.catalogue.drop('a.dropped'));
    expect(test.catalogue.find('a.dropped')).toBeUndefined();
    const reopened = new Catalogue(test.store);
    expect(reopened.leftSegments().sort()).toEqual(segments);
    expect(reopened.list().map(({ ns }) => ns)).toEqual(['a.kept']);

    const purger = createPurger(() => context);
    purger.start();
    const emptied = async () => {
      while (test.catalogue.leftSegments().length > 0) await test.store.write(() => undefined);
    };
    await emptied();
    await purger.stop();
    for (const segment of segments) expect(test.store.count(segmentRange(segment))).toBe(0);
    const [kept] = test.catalogue.get('a.kept').indexes;
    expect(test.store.count(segmentRange(kept!.segment))).toBe(3);
  });

  it('marks a store of an earlier version, which may refuse it then, and refuses those of later ones', async () => {
    const marked = Buffer.from('\0\0\0\0collection ', 'utf8');
    const formatWas = (format: number) =>
      test.store.write(() => test.store.put(marked, encode({ format })));
    const format = () => decode(test.store.get(marked) ?? Buffer.alloc(0)).format;
    await test.store.write(() => test.catalogue.mark());
    const current = format();
    await formatWas(current - 1);
    await test.store.write(() => new Catalogue(test.store).mark());
    expect(format()).toBe(current);
    await formatWas(current + 1);
    expect(() => new Catalogue(test.store)).toThrow(
      `written by a newer version, in format ${current + 1}`,
    );
    await formatWas(current);
  });

  it('takes back what a failed write had changed, and only that', async () => {
    const failing = writeWith(context, () => {
      test.catalogue.create('a.undone');
      throw new Error('given up');
    });
    // In the same transaction, right behind the one that fails.
    const working = writeWith(context, () => test.catalogue.create('a.done'));
    await expect(failing).rejects.toThrow('given up');
    await working;
    expect(test.catalogue.find('a.undone')).toBeUndefined();
    expect(test.catalogue.find('a.done')).toBeDefined();
    expect(new Catalogue(test.store).list()).toEqual(test.catalogue.list());
  });
});
