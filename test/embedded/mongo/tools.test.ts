import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Document } from 'bson';
import { startTestMongo, type TestMongo } from './support/mongo.js';

describe('a person who looks with mongosh or Compass', () => {
  let mongo: TestMongo;
  beforeAll(async () => {
    mongo = await startTestMongo();
    const rows = mongo.client
      .db('models')
      .collection<{ _id: number; kind: string; n: number }>('rows');
    await rows.createIndex({ kind: 1 });
    await rows.insertMany(
      Array.from({ length: 50 }, (_, _id) => ({ _id, kind: _id % 2 ? 'odd' : 'even', n: _id })),
    );
  });
  afterAll(() => mongo.close());

  const admin = (command: Document) => mongo.client.db('admin').command(command);
  const models = (command: Document) => mongo.client.db('models').command(command);

  it('gets an answer to all that these ask when they connect', async () => {
    expect(await admin({ hello: 1 })).toMatchObject({ isWritablePrimary: true });
    expect(await admin({ buildInfo: 1 })).toMatchObject({
      version: '7.0.0',
      versionArray: [7, 0, 0, 0],
    });
    expect(await admin({ getParameter: 1, featureCompatibilityVersion: 1 })).toMatchObject({
      featureCompatibilityVersion: { version: '7.0' },
    });
    expect(await admin({ connectionStatus: 1, showPrivileges: true })).toMatchObject({
      authInfo: { authenticatedUsers: [] },
    });
    expect(await admin({ hostInfo: 1 })).toMatchObject({ ok: 1 });
    expect(await admin({ serverStatus: 1 })).toMatchObject({ ok: 1, process: 'forkline' });
    expect(await admin({ listDatabases: 1, nameOnly: false })).toMatchObject({
      databases: [{ name: 'models', empty: false }],
    });
    expect(await models({ dbStats: 1 })).toMatchObject({ collections: 1, objects: 50, indexes: 2 });
    expect(await models({ listCollections: 1, filter: {}, nameOnly: false })).toMatchObject({
      cursor: { firstBatch: [{ name: 'rows', type: 'collection' }] },
    });
    expect(await models({ collStats: 'rows' })).toMatchObject({
      ns: 'models.rows',
      count: 50,
      nindexes: 2,
    });
    expect(await models({ listIndexes: 'rows' })).toMatchObject({
      cursor: { firstBatch: [{ name: '_id_' }, { name: 'kind_1', key: { kind: 1 } }] },
    });
    // Features that a server may lack: these tools look at the code.
    await expect(admin({ atlasVersion: 1 })).rejects.toMatchObject({ code: 59 });
    await expect(admin({ getCmdLineOpts: 1 })).rejects.toMatchObject({ code: 59 });
    expect(await admin({ endSessions: [] })).toMatchObject({ ok: 1 });
  });

  it('can browse, sample, group and count', async () => {
    const rows = mongo.client.db('models').collection('rows');
    expect(await rows.find({}).limit(20).toArray()).toHaveLength(20);
    expect(await rows.aggregate([{ $match: {} }, { $sample: { size: 7 } }]).toArray()).toHaveLength(
      7,
    );
    expect(
      await rows
        .aggregate([
          { $match: { kind: 'odd' } },
          { $skip: 0 },
          { $group: { _id: 1, n: { $sum: 1 } } },
        ])
        .toArray(),
    ).toEqual([{ _id: 1, n: 25 }]);
    const groups = await rows
      .aggregate([
        {
          $group: {
            _id: '$kind',
            total: { $sum: '$n' },
            most: { $max: '$n' },
            mean: { $avg: '$n' },
          },
        },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(groups).toEqual([
      { _id: 'even', total: 600, most: 48, mean: 24 },
      { _id: 'odd', total: 625, most: 49, mean: 25 },
    ]);
    const shaped = await rows
      .aggregate([
        { $match: { n: { $gte: 48 } } },
        { $sort: { n: -1 } },
        {
          $project: {
            double: { $multiply: ['$n', 2] },
            label: { $concat: ['n is ', { $toString: '$n' }] },
          },
        },
        { $match: { double: { $gt: 96 } } },
        { $addFields: { is: { $cond: [{ $gt: ['$double', 97] }, 'large', 'small'] } } },
      ])
      .toArray();
    expect(shaped).toEqual([{ _id: 49, double: 98, label: 'n is 49', is: 'large' }]);
    expect(Object.keys(shaped[0] ?? {})).toEqual(['_id', 'double', 'label', 'is']);
    expect(
      await rows.aggregate([{ $unwind: '$n' }, { $sortByCount: '$kind' }]).toArray(),
    ).toHaveLength(2);
    expect(await rows.aggregate([{ $count: 'all' }]).toArray()).toEqual([{ all: 50 }]);
    expect(await rows.aggregate([{ $match: { n: -1 } }, { $count: 'all' }]).toArray()).toEqual([]);
    expect(
      await rows
        .aggregate([{ $sort: { n: -1 } }, { $limit: 2 }, { $project: { _id: 0, n: 1 } }])
        .toArray(),
    ).toEqual([{ n: 49 }, { n: 48 }]);
  });
});
