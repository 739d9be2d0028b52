import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { type EmbeddedMongo, startMongo } from '../../../src/embedded/mongo/start.js';
import { proseOf } from '../../bench/replay/support/prose.js';
import { removeFolder, temporaryFolder } from '../../support/program.js';
import { all } from '../eventstore/support/events.js';
import { startTestServer } from '../eventstore/support/server.js';

type Row = Readonly<{ _id: number; user: string; text: string }>;

const count = 1_500;
const rowOf = (_id: number, version = 0): Row => ({
  ...{ _id, user: `user ${_id % 40}`, text: `${proseOf(_id + 7_000 * version, 200)} word${_id}` },
});

describe('a packed MongoDB', () => {
  let dataDir: string;
  let server: EmbeddedMongo;
  let client: MongoClient;
  const rows = () => client.db('packed').collection<Row>('rows');
  const restart = async () => {
    await client.close();
    await server.stop();
    server = await startMongo({ dataDir });
    client = await new MongoClient(server.url).connect();
  };
  beforeAll(async () => {
    dataDir = await temporaryFolder();
    server = await startMongo({ dataDir });
    client = await new MongoClient(server.url).connect();
    await rows().createIndex({ user: 1, _id: -1 });
    await rows().createIndex({ text: 'text' });
    const documents = Array.from({ length: count }, (_, id) => rowOf(id));
    await rows().insertMany(documents);
    await restart();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
    await removeFolder(dataDir);
  });

  it('takes less than twice on disk, its indexes included, of what its documents are as JSON', async () => {
    const { size } = await stat(join(dataDir, 'data.mdb'));
    const documents = Array.from({ length: count }, (_, id) => JSON.stringify(rowOf(id)).length);
    expect(size).toBeLessThan(2 * documents.reduce((sum, bytes) => sum + bytes, 0));
  });

  it('leaves no other files than its own', async () => {
    expect((await readdir(dataDir)).sort()).toEqual(['data.mdb', 'lock.mdb']);
  });

  it('finds documents by _id, by an index in both orders, and by words', async () => {
    expect(await rows().findOne({ _id: 777 })).toEqual(rowOf(777));
    expect(await rows().countDocuments({})).toBe(count);
    const ids = Array.from({ length: count }, (_, id) => id).filter((id) => id % 40 === 7);
    for (const direction of [1, -1] as const) {
      const found = await rows().find({ user: 'user 7' }).sort({ _id: direction }).toArray();
      expect(found.map(({ _id }) => _id)).toEqual(direction === 1 ? ids : ids.toReversed());
    }
    const found = await rows()
      .find({ $text: { $search: 'word1234' } })
      .toArray();
    expect(found).toEqual([rowOf(1_234)]);
  });

  it('changes and removes what is packed, and packs that', async () => {
    const later = (id: number) => rowOf(id, id % 3 === 0 ? 1 : 0);
    await rows().bulkWrite(
      Array.from({ length: count }, (_, id) => id)
        .filter((id) => id % 3 === 0)
        .map((id) => ({ replaceOne: { filter: { _id: id }, replacement: later(id) } })),
    );
    await rows().deleteMany({ user: { $in: ['user 1', 'user 2'] } });
    const kept = Array.from({ length: count }, (_, id) => id)
      .filter((id) => ![1, 2].includes(id % 40))
      .map(later);
    const agree = async () => {
      expect(await rows().find().sort({ _id: 1 }).toArray()).toEqual(kept);
      expect(await rows().estimatedDocumentCount()).toBe(kept.length);
      const bySearch = await rows()
        .find({ $text: { $search: 'word1041 word900 word3' } })
        .toArray();
      expect(bySearch.map(({ _id }) => _id).sort((a, b) => a - b)).toEqual([3, 900]);
    };
    await agree();
    await restart();
    await agree();
  });
});

describe('a packed EventStoreDB', () => {
  it('reads what is packed in all ways, and takes out what is scavenged', async () => {
    const test = await startTestServer();
    for (let number = 0; number < 400; number++)
      await test.client.appendToStream(
        `packed-${number % 3}`,
        jsonEvent({ type: 'said', data: { text: proseOf(number, 300) } }),
      );
    const reads = async () => [
      await all(test.client.readAll()),
      await all(test.client.readAll({ direction: 'backwards', fromPosition: 'end' })),
      await all(test.client.readStream('packed-1', { fromRevision: 20n, maxCount: 60 })),
    ];
    const restart = async () => {
      await test.client.dispose();
      await test.restart();
      test.client = EventStoreDBClient.connectionString(test.server.url);
    };
    const before = await reads();
    await restart();
    expect(await reads()).toEqual(before);
    const { size } = await stat(join(test.dataDir, 'log.mdb'));
    expect(size).toBeLessThan(400 * 400);

    await test.client.setStreamMetadata('packed-1', { maxCount: 5 });
    const shown = async () =>
      (await all(test.client.readStream('packed-1'))).map(({ event }) => Number(event?.revision));
    expect(await shown()).toEqual([128, 129, 130, 131, 132]);
    await restart();
    expect(await shown()).toEqual([128, 129, 130, 131, 132]);
    await test.stop();
  });
});
