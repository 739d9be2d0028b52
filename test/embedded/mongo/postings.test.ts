import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import fc from 'fast-check';
import { segmentRange } from '../../../src/embedded/mongo/catalogue.js';
import { writeWith } from '../../../src/embedded/mongo/context.js';
import { documentKey, idKeyOf } from '../../../src/embedded/mongo/documents.js';
import { compileFilter } from '../../../src/embedded/mongo/filter.js';
import { idKeyOfEntry } from '../../../src/embedded/mongo/index-entries.js';
import { parseIndex } from '../../../src/embedded/mongo/index-spec.js';
import { postingsOf } from '../../../src/embedded/mongo/postings.js';
import { decode, encode } from '../../../src/embedded/mongo/raw.js';
import { documentOf, search } from '../../../src/embedded/mongo/scan.js';
import { scoreTerms } from '../../../src/embedded/mongo/text.js';
import { openTestStore, type TestStore } from './support/store.js';

const runs = Number(process.env.FORKLINE_POSTINGS_RUNS ?? 200);

const words = ['oak', 'ash', 'elm', 'fir', 'yew'];
const text = fc.array(fc.constantFrom(...words), { maxLength: 4 }).map((each) => each.join(' '));
/** Few, so that they come again; numbers and texts, some of them long. */
const id = fc.oneof(
  fc.integer({ min: 0, max: 12 }),
  fc.constantFrom('a', 'b', 'long '.repeat(40), 'long '.repeat(200)),
);
type Step = Readonly<{ id: number | string; text: string | undefined }>;
/** Without a text the document is removed. */
const step: fc.Arbitrary<Step> = fc.record({
  id,
  text: fc.option(text, { nil: undefined, freq: 3 }),
});
/** The transactions one after the other; of some nothing is kept. */
const history = fc.array(
  fc.record({ steps: fc.array(step, { maxLength: 12 }), isGivenUp: fc.boolean() }),
  { maxLength: 8 },
);

class GivenUp extends Error {}

describe('the words of a text index', () => {
  let test: TestStore;
  let at = 0;

  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.close());

  const made = async (): Promise<string> => {
    const ns = `words.number-${at++}`;
    await writeWith(test, () => {
      test.catalogue.getOrCreate(ns);
      test.catalogue.saveIndex(ns, {
        ...parseIndex({ key: { text: 'text' }, name: 'text' }),
        ...{ segment: test.catalogue.newSegment(), isBuilding: false },
      });
    });
    return ns;
  };

  const carryOut = (ns: string, { id: _id, text: next }: Step): void => {
    const idKey = idKeyOf(_id);
    const stored = test.store.get(documentKey(test.catalogue.get(ns), idKey));
    const raw = encode({ _id, text: next });
    if (next === undefined) {
      if (stored) test.documents.remove(ns, idKey, decode(stored));
    } else if (stored) test.documents.replace(ns, idKey, decode(stored), raw);
    else test.documents.insert(ns, raw);
  };

  const found = (ns: string, word: string): readonly Document[] => {
    const filter = compileFilter({ $text: { $search: word } });
    const query = { filter, sort: [], skip: 0, limit: 0 };
    const all = [...search(test.store, test.catalogue.get(ns), query)];
    return all
      .flatMap((each) => each ?? [])
      .map((each) => ({ ...documentOf(each), score: each.score }));
  };

  const entriesIn = (ns: string) => {
    const [, index] = test.catalogue.get(ns).indexes;
    return [...test.store.entries(segmentRange(index?.segment ?? 0))];
  };

  it('are what the documents say, whatever came in which order and together', async () => {
    let merged = 0;
    await fc.assert(
      fc.asyncProperty(history, async (transactions) => {
        const ns = await made();
        const model = new Map<number | string, string>();
        for (const { steps, isGivenUp } of transactions) {
          const written = writeWith(test, () => {
            for (const each of steps) carryOut(ns, each);
            if (isGivenUp) throw new GivenUp();
          });
          if (isGivenUp) await expect(written).rejects.toThrow(GivenUp);
          else {
            await written;
            for (const each of steps)
              if (each.text === undefined) model.delete(each.id);
              else model.set(each.id, each.text);
          }
        }
        for (const word of words) {
          const wanted = [...model].flatMap(([_id, each]) => {
            const score = scoreTerms({ text: each }, { text: 1 }).get(word);
            return score === undefined ? [] : [{ _id, text: each, score }];
          });
          const byKey = (a: Document, b: Document) =>
            Buffer.compare(idKeyOf(a._id), idKeyOf(b._id));
          expect(found(ns, word)).toEqual(wanted.sort(byKey));
        }
        // In order, also from one entry to the next.
        const keys = entriesIn(ns).flatMap((entry) => {
          const postings = postingsOf(entry);
          if (postings.length > 1) merged += 1;
          const fields = entry.key.subarray(0, -2 - idKeyOfEntry(entry.key).length);
          return postings.map(({ idKey }) => Buffer.concat([fields, idKey]).toString('hex'));
        });
        expect(keys).toEqual([...new Set(keys)].sort());
      }),
      { numRuns: runs },
    );
    expect(merged).toBeGreaterThan(runs);
  });

  it('take an entry for many new documents, and none is large', async () => {
    const ns = await made();
    for (let first = 0; first < 1_000; first += 200)
      await writeWith(test, () => {
        for (let n = first; n < first + 200; n++) carryOut(ns, { id: n, text: 'oak' });
      });
    const entries = entriesIn(ns);
    expect(entries.length).toBeLessThan(1_000 / 30);
    expect(Math.max(...entries.map(({ value }) => value.length))).toBeLessThanOrEqual(1_024);
    expect(found(ns, 'oak')).toHaveLength(1_000);
    await writeWith(test, () => {
      for (let n = 0; n < 1_000; n += 2) carryOut(ns, { id: n, text: undefined });
    });
    expect(found(ns, 'oak').map(({ _id }) => _id)).toEqual(
      Array.from({ length: 500 }, (_, n) => 2 * n + 1),
    );
    await writeWith(test, () => {
      for (let n = 1; n < 1_000; n += 2) carryOut(ns, { id: n, text: 'elm' });
    });
    expect(found(ns, 'oak')).toEqual([]);
    expect(entriesIn(ns).flatMap(postingsOf)).toHaveLength(500);
  });

  it('are found each once, while others write between two of them', async () => {
    const ns = await made();
    const all = Array.from({ length: 100 }, (_, n) => 10 * n);
    await writeWith(test, () => {
      for (const n of all) carryOut(ns, { id: n, text: 'oak' });
    });
    const filter = compileFilter({ $text: { $search: 'oak' } });
    const query = { filter, sort: [], skip: 0, limit: 0 };
    const results = search(test.store, test.catalogue.get(ns), query);
    const seen: unknown[] = [];
    let looked = 0;
    for (let next = results.next(); !next.done; next = results.next()) {
      if (next.value) seen.push({ ...documentOf(next.value), score: next.value.score });
      // In front of what has been looked at, within it, and behind.
      if (++looked % 7 !== 0 || looked > 100) continue;
      await writeWith(test, () => {
        carryOut(ns, { id: looked + 0.5, text: 'oak oak oak' });
        carryOut(ns, { id: 1_000.5 + looked, text: 'oak elm' });
      });
    }
    const ids = seen.map((each) => (each as Document)._id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(all));
    for (const each of seen as Document[])
      expect(each.score).toBe(scoreTerms(each, { text: 1 }).get('oak'));
  });
});
