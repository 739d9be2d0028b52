import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import type { Collection } from 'mongodb';
import { startTestMongo, type TestMongo } from './support/mongo.js';

type Row = Document & { _id: string };

describe('an index', () => {
  let mongo: TestMongo;
  let sessions: Collection<Row>;
  let rows: Collection<Row>;

  beforeAll(async () => {
    mongo = await startTestMongo();
    const db = mongo.client.db('indexes');
    sessions = db.collection<Row>('sessions');
    await sessions.createIndex(
      { userId: 1, archived: 1, updatedAt: -1, _id: -1 },
      { name: 'list' },
    );
    await sessions.createIndex({ tags: 1 });
    await sessions.insertMany(
      Array.from({ length: 1000 }, (_, i) => ({
        _id: `s${String(i).padStart(4, '0')}`,
        userId: `u${i % 4}`,
        archived: i % 10 === 0,
        updatedAt: new Date(Math.floor(i / 8) * 1000),
        tags: [`t${i % 3}`, `t${i % 5}`],
      })),
    );
    rows = db.collection<Row>('rows');
    await rows.createIndex({ stream: 1, from: 1 });
    await rows.insertMany(
      Array.from({ length: 900 }, (_, i) => ({
        _id: `r${i}`,
        stream: `s${i % 3}`,
        from: Math.floor(i / 3),
        to: i % 2 ? null : Math.floor(i / 3) + 10,
      })),
    );
  });
  afterAll(() => mongo.close());

  const explain = (found: { explain: (verbosity: 'executionStats') => Promise<Document> }) =>
    found.explain('executionStats');

  it('serves pages of a list from any place in it, in order, without looking at more than the page', async () => {
    const at = new Date(60_000);
    const page = () =>
      sessions
        .find({
          userId: 'u1',
          archived: false,
          $or: [{ updatedAt: { $lt: at } }, { updatedAt: at, _id: { $lt: 's0485' } }],
        })
        .sort({ updatedAt: -1, _id: -1 })
        .limit(51);
    const all = await sessions.find({ userId: 'u1', archived: false }).toArray();
    const expected = all
      .filter(({ updatedAt, _id }) => updatedAt < at || (+updatedAt === +at && _id < 's0485'))
      .sort((a, b) => b.updatedAt - a.updatedAt || (a._id < b._id ? 1 : -1))
      .slice(0, 51);
    expect(await page().toArray()).toEqual(expected);
    const { queryPlanner, executionStats } = await explain(page());
    expect(JSON.stringify(queryPlanner)).not.toContain('"SORT"');
    expect(JSON.stringify(queryPlanner)).toContain('"indexName":"list"');
    expect(executionStats).toMatchObject({ nReturned: 51 });
    expect(executionStats.totalDocsExamined).toBeLessThan(60);
  });

  it('serves the same order backwards', async () => {
    const found = () =>
      sessions.find({ userId: 'u2', archived: false }).sort({ updatedAt: 1, _id: 1 }).limit(5);
    const { queryPlanner, executionStats } = await explain(found());
    expect(queryPlanner.winningPlan.inputStage).toMatchObject({
      indexName: 'list',
      direction: 'backward',
    });
    expect(executionStats.totalKeysExamined).toBe(5);
    expect((await found().toArray()).map(({ _id }) => _id)).toEqual([
      's0002',
      's0006',
      's0014',
      's0018',
      's0022',
    ]);
  });

  it('serves rows that were true at a revision', async () => {
    const found = () =>
      rows
        .find({ stream: 's1', from: { $lte: 100 }, $or: [{ to: null }, { to: { $gt: 100 } }] })
        .sort({ stream: 1, from: 1 });
    const { queryPlanner, executionStats } = await explain(found());
    expect(queryPlanner.winningPlan).toMatchObject({
      stage: 'FETCH',
      inputStage: { indexName: 'stream_1_from_1' },
    });
    expect(executionStats.totalDocsExamined).toBe(101);
    const expected = (await rows.find().toArray())
      .filter((row) => row.stream === 's1' && row.from <= 100 && (row.to === null || row.to > 100))
      .sort((a, b) => a.from - b.from);
    expect(await found().toArray()).toEqual(expected);
  });

  it('serves each branch of an $or by itself, merged in order', async () => {
    const found = () =>
      rows
        .find({
          $or: [
            { stream: 's0', from: { $lte: 10 } },
            { stream: 's2', from: { $gt: 290 } },
          ],
        })
        .sort({ stream: 1, from: 1 });
    const { queryPlanner, executionStats } = await explain(found());
    expect(queryPlanner.winningPlan.stage).toBe('SORT_MERGE');
    expect(executionStats).toMatchObject({ nReturned: 20, totalDocsExamined: 20 });
    const keys = (await found().toArray()).map(({ stream, from }) => [stream, from]);
    expect(keys).toEqual([
      ...Array.from({ length: 11 }, (_, i) => ['s0', i]),
      ...Array.from({ length: 9 }, (_, i) => ['s2', 291 + i]),
    ]);
  });

  it('serves $in on _id and on an indexed field', async () => {
    const byId = await explain(sessions.find({ _id: { $in: ['s0001', 's0999', 'none'] } }));
    expect(byId.executionStats).toMatchObject({ nReturned: 2, totalDocsExamined: 2 });
    const byField = await explain(rows.find({ stream: { $in: ['s0', 's1'] }, from: 5 }));
    expect(byField.executionStats).toMatchObject({ nReturned: 2, totalDocsExamined: 2 });
  });

  it('finds a document once by values that are alike up to where long keys are cut', async () => {
    const long = 'x'.repeat(3_000);
    const notes = mongo.client.db('indexes').collection<Row>('notes');
    await notes.createIndex({ text: 1 });
    await notes.insertOne({ _id: 'n', text: long });
    const found = notes.find({ text: { $in: [long, `${long}c`] } });
    expect((await found.toArray()).map(({ _id }) => _id)).toEqual(['n']);
  });

  it('over arrays finds every document once', async () => {
    const found = () => sessions.find({ tags: { $in: ['t0', 't1', 't2'] } });
    const { queryPlanner } = await explain(found());
    expect(queryPlanner.winningPlan.inputStage).toMatchObject({
      indexName: 'tags_1',
      isMultiKey: true,
    });
    const ids = (await found().toArray()).map(({ _id }) => _id);
    expect(ids).toHaveLength(1000);
    expect(new Set(ids).size).toBe(1000);
  });

  it('over arrays bounds by one side of a range only', async () => {
    const own = mongo.client.db('indexes').collection<Row>('arrays');
    await own.createIndex({ a: 1 });
    await own.createIndex({ 'o.x': 1, 'o.y': 1 });
    await own.insertMany([
      { _id: 'outside', a: [1, 9] },
      { _id: 'inside', a: [5] },
      {
        _id: 'crossed',
        o: [
          { x: 1, y: 2 },
          { x: 3, y: 4 },
        ],
      },
    ]);
    expect(
      await own
        .find({ a: { $gt: 4, $lt: 6 } })
        .sort({ _id: 1 })
        .project({ _id: 1 })
        .toArray(),
    ).toEqual([{ _id: 'inside' }, { _id: 'outside' }]);
    expect(await own.countDocuments({ 'o.x': 1, 'o.y': 4 })).toBe(1);
    expect(await own.countDocuments({ o: { $elemMatch: { x: 1, y: 4 } } })).toBe(0);
  });

  it('over arrays does not take its own order for that of the documents', async () => {
    const own = mongo.client.db('indexes').collection<Row>('pinned');
    await own.createIndex({ a: 1 });
    await own.insertMany([
      { _id: '0', a: [1] },
      { _id: '1', a: [0, 1] },
      { _id: '2', a: [1, 2] },
    ]);
    // Each is sorted by its smallest element, not by the one that was asked for.
    const ids = async (sort: Document, a: unknown = 1) =>
      (await own.find({ a }).sort(sort).toArray()).map(({ _id }) => _id);
    expect(await ids({ a: 1, _id: 1 })).toEqual(['1', '0', '2']);
    expect(await ids({ a: -1, _id: 1 })).toEqual(['2', '0', '1']);
    expect(await ids({ a: 1, _id: 1 }, { $in: [1, 2] })).toEqual(['1', '0', '2']);
  });

  it('refuses two arrays in one key, and stores nothing of the document', async () => {
    const own = mongo.client.db('indexes').collection<Row>('parallel');
    await own.createIndex({ a: 1, b: 1 });
    await expect(own.insertOne({ _id: 'x', a: [1], b: [2] })).rejects.toMatchObject({ code: 171 });
    expect(await own.countDocuments()).toBe(0);
  });

  it('can be asked for, and must exist', async () => {
    const found = rows.find({ stream: 's0', from: 3 }).hint({ _id: 1 });
    expect((await explain(found)).queryPlanner.winningPlan.stage).toBe('COLLSCAN');
    const named = rows.find({}).hint('stream_1_from_1');
    expect((await explain(named)).queryPlanner.winningPlan.inputStage.indexName).toBe(
      'stream_1_from_1',
    );
    await expect(rows.find({}).hint('none').toArray()).rejects.toMatchObject({ code: 2 });
  });

  it('serves updates, deletes, counts and aggregations too', async () => {
    const db = mongo.client.db('indexes');
    const q = { stream: 's0', from: 3 };
    for (const command of [
      { update: 'rows', updates: [{ q, u: { $set: { x: 1 } } }] },
      { delete: 'rows', deletes: [{ q, limit: 0 }] },
      { count: 'rows', query: q },
      {
        aggregate: 'rows',
        pipeline: [{ $match: q }, { $group: { _id: 1, n: { $sum: 1 } } }],
        cursor: {},
      },
    ])
      expect(await db.command({ explain: command, verbosity: 'executionStats' })).toMatchObject({
        executionStats: { totalDocsExamined: 1 },
      });
    expect(await rows.countDocuments(q)).toBe(1);
  });
});
