import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import fc from 'fast-check';
import { segmentRange } from '../../../src/embedded/mongo/catalogue.js';
import { documentKey, idKeyOf } from '../../../src/embedded/mongo/documents.js';
import { parseIndex } from '../../../src/embedded/mongo/index-spec.js';
import { decode, encode } from '../../../src/embedded/mongo/raw.js';
import { openTestStore, type TestStore } from './support/store.js';

const runs = Number(process.env.FORKLINE_REPLACED_ENTRIES_RUNS ?? 300);

const scalar = fc.constantFrom<unknown>(
  ...[0, -0, 1, Number.NaN, null, true, '', 'a', 'A cat', 'a dog', new Date(0), new Date(1)],
);
const inner = fc.record({ c: scalar }, { requiredKeys: [] });
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: inner },
  { weight: 1, arbitrary: fc.array(fc.oneof(scalar, inner), { maxLength: 2 }) },
);
const document = fc.record({ a: value, b: scalar, text: scalar }, { requiredKeys: [] });
/** What a document is one after another: all new, or changed in one field. */
const versions = fc
  .tuple(document, fc.array(document, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([first, changes, isSlight]): readonly Document[] => [
    first,
    ...changes.map((change) => (isSlight ? { ...first, b: change.b } : change)),
  ]);

const keys = [{ a: 1 }, { 'a.c': -1, b: 1 }, { b: 1 }, { a: 1, text: 'text' }, { text: 'text' }];

describe('the indexes of a document that was replaced', () => {
  let test: TestStore;

  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.close());

  const made = (ns: string) => {
    test.catalogue.getOrCreate(ns);
    for (const [i, key] of keys.entries())
      test.catalogue.saveIndex(ns, {
        ...parseIndex({ key, name: `index-${i}` }),
        ...{ segment: test.catalogue.newSegment(), isBuilding: false },
      });
  };
  const entriesOf = (ns: string) =>
    test.catalogue.get(ns).indexes.map(({ segment }) =>
      [...test.store.entries(segmentRange(segment))].map(({ key, value }) => ({
        key: key.toString('hex', 4),
        value: value.toString('hex'),
      })),
    );

  it('have the entries that they have for a document stored as it is now', async () => {
    let at = 0;
    let changed = 0;
    const holds = fc.property(versions, (all) => {
      const [replaced, fresh] = [`entries.replaced-${at}`, `entries.fresh-${at}`];
      at += 1;
      made(replaced);
      made(fresh);
      let old: Document | undefined;
      for (const each of all) {
        const raw = encode({ _id: 1, ...each });
        try {
          if (old) test.documents.replace(replaced, idKeyOf(1), old, raw);
          else test.documents.insert(replaced, raw);
        } catch (error) {
          // Two arrays in one index: refused, and what was there stays.
          expect(error).toMatchObject({ codeName: 'CannotIndexParallelArrays' });
          continue;
        }
        if (old) changed += 1;
        old = decode(raw);
      }
      const key = documentKey(test.catalogue.get(replaced), idKeyOf(1));
      const last = test.store.get(key);
      if (last) test.documents.insert(fresh, last);
      test.documents.postings.settle();
      expect(entriesOf(replaced)).toEqual(entriesOf(fresh));
    });
    // In one transaction, which sees what it writes.
    await test.store.write(() => fc.assert(holds, { numRuns: runs }));
    expect(changed).toBeGreaterThan(runs / 2);
  });
});
