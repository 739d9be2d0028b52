import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import fc from 'fast-check';
import { compileFilter } from '../../../src/embedded/mongo/filter.js';
import { parseIndex } from '../../../src/embedded/mongo/index-spec.js';
import { parseSort } from '../../../src/embedded/mongo/query.js';
import { decode, encode } from '../../../src/embedded/mongo/raw.js';
import { type Query, search } from '../../../src/embedded/mongo/scan.js';
import { openTestStore, type TestStore } from './support/store.js';

// More with FORKLINE_INDEX_RUNS=700.
const numRuns = Number(process.env.FORKLINE_INDEX_RUNS ?? 350);

const long = 'x'.repeat(1300);
const pools = {
  'few values that meet often': fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 2 }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>('a', 'b', null, true, new Date(0)) },
  ),
  'values that are easily got wrong': fc.constantFrom<unknown>(
    ...[long, `${long}a`, `${long}b`, `${long}c`, '\u{10000}', '\uffff', 'a', 'a\0', 'a\u0001', ''],
    ...[Number.NaN, -1, -1.5, 0, 2 ** 53, Number.NEGATIVE_INFINITY, null, false, new Date(-1)],
  ),
};

const valuesOf = (scalar: fc.Arbitrary<unknown>) => {
  const flat = fc.record({ b: scalar, d: scalar }, { requiredKeys: [] });
  const value = fc.oneof(
    { weight: 4, arbitrary: scalar },
    { weight: 4, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    { weight: 1, arbitrary: flat },
    { weight: 3, arbitrary: fc.array(fc.oneof(flat, flat, scalar), { maxLength: 3 }) },
  );
  const document = fc.record({ a: value, b: scalar }, { requiredKeys: [] });
  const operand = fc.oneof({ weight: 9, arbitrary: scalar }, { weight: 1, arbitrary: flat });
  return { document, operand };
};

const path = fc.constantFrom('a', 'a', 'a', 'b', 'a.b', 'a.d', '_id');
const direction = fc.constantFrom(1, -1);
const key = fc
  .uniqueArray(fc.tuple(path, direction), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 3,
  })
  .map((fields) => Object.fromEntries(fields));

const filtersOf = (operand: fc.Arbitrary<unknown>) => {
  const operators = fc.oneof(
    { weight: 3, arbitrary: operand.map(($eq): Document => ({ $eq })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), operand)
        .map(([o, v]): Document => ({ [o]: v })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(operand, operand).map(([$gte, $lt]): Document => ({ $gte, $lt })),
    },
    { weight: 2, arbitrary: fc.array(operand, { maxLength: 4 }).map(($in): Document => ({ $in })) },
    { weight: 1, arbitrary: operand.map(($ne): Document => ({ $ne })) },
    { weight: 1, arbitrary: fc.boolean().map(($exists): Document => ({ $exists })) },
    {
      weight: 1,
      arbitrary: fc
        .array(operand, { minLength: 1, maxLength: 2 })
        .map(($all): Document => ({ $all })),
    },
    { weight: 1, arbitrary: operand.map((v): Document => ({ $not: { $gt: v } })) },
    { weight: 1, arbitrary: operand.map(($gte): Document => ({ $elemMatch: { $gte } })) },
  );
  const condition = fc.tuple(path, operators).map(([name, test]): Document => ({ [name]: test }));
  const conjunction = fc
    .oneof(
      { weight: 2, arbitrary: condition.map((one) => [one]) },
      { weight: 1, arbitrary: fc.array(condition, { minLength: 2, maxLength: 3 }) },
    )
    .map(($and): Document => ({ $and }));
  return fc.oneof(
    { weight: 3, arbitrary: conjunction },
    { weight: 1, arbitrary: fc.constant<Document>({}) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(conjunction, fc.array(conjunction, { minLength: 1, maxLength: 3 }))
        .map(([outer, $or]): Document => ({ $and: [outer, { $or }] })),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(conjunction, { minLength: 1, maxLength: 3 })
        .map(($or): Document => ({ $or })),
    },
  );
};
const sort = fc.array(fc.tuple(path, direction), { maxLength: 2 });

describe('an index', () => {
  let test: TestStore;

  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.close());

  const load = (ns: string, documents: readonly Document[], keys: readonly Document[]) =>
    test.store.write(() => {
      test.catalogue.getOrCreate(ns);
      for (const [i, each] of keys.entries()) {
        const index = parseIndex({ key: each, name: `index-${i}` });
        test.catalogue.saveIndex(ns, {
          ...index,
          segment: test.catalogue.newSegment(),
          isBuilding: false,
        });
      }
      return documents.filter((each) => {
        try {
          test.documents.insert(ns, encode(each));
          return true;
        } catch (error) {
          // Two arrays in one index: refused, and nothing of it is stored.
          expect(error).toMatchObject({ codeName: 'CannotIndexParallelArrays' });
          return false;
        }
      });
    });

  it.each(Object.entries(pools))(
    'gives the same documents in the same order as a search through all of them: %s',
    async (pool, scalar) => {
      const { document, operand } = valuesOf(scalar);
      const question = fc.record({
        filter: filtersOf(operand),
        sort,
        limit: fc.integer({ min: 0, max: 5 }),
      });
      const scenario = fc.record({
        documents: fc.array(document, { maxLength: 10 }),
        keys: fc.array(key, { minLength: 1, maxLength: 3 }),
        questions: fc.array(question, { minLength: 10, maxLength: 10 }),
      });
      let cases = 0;
      let found = 0;
      await fc.assert(
        fc.asyncProperty(scenario, async ({ documents, keys, questions }) => {
          const ns = `agree.${pool.length}-${cases}`;
          await load(
            ns,
            documents.map((each, _id) => ({ _id, ...each })),
            keys,
          );
          const collection = test.catalogue.get(ns);
          const [idIndex, ...indexes] = collection.indexes;
          for (const { filter, sort: order, limit } of questions) {
            const query: Query = {
              filter: compileFilter(decode(encode(filter))),
              sort: order.length === 0 ? [] : parseSort({ ...Object.fromEntries(order), _id: 1 }),
              skip: 0,
              // Without an order, any of the documents are right.
              limit: order.length === 0 ? 0 : limit,
            };
            const ask = (use: Query['indexes']) => {
              const ids = Array.from(
                search(test.store, collection, { ...query, ...(use && { indexes: use }) }),
              ).flatMap((each) => (each ? [Number(decode(each.raw)._id)] : []));
              return order.length === 0 ? ids.sort((a, b) => a - b) : ids;
            };
            const expected = ask(idIndex && [idIndex]);
            for (const index of indexes) expect(ask([index])).toEqual(expected);
            expect(ask(undefined)).toEqual(expected);
            cases += indexes.length + 1;
            found += expected.length;
          }
        }),
        { numRuns },
      );
      expect(cases).toBeGreaterThan(numRuns * 10);
      expect(found).toBeGreaterThan(numRuns);
    },
  );
});
