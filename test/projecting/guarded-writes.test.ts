import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { type EmbeddedMongo, startMongo } from '../../src/embedded/mongo/start.js';
import type { StoredDocument } from '../../src/projecting/fold-batch.js';
import { insertNew } from '../../src/projecting/guarded-writes.js';

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forkline-guarded-'));
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { serverSelectionTimeoutMS: 200 });
});
afterAll(async () => {
  await client.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const documents = (...ids: readonly string[]): readonly StoredDocument[] =>
  ids.map((_id) => ({ _id, stream: `session-${_id}`, position: 1 }));

describe('adding documents that seem to be new', () => {
  it('says which were there already', async () => {
    const collection = client.db('guarded').collection<StoredDocument>('documents');
    expect(await insertNew(collection, documents('a', 'b'))).toEqual(new Set());
    expect(await insertNew(collection, documents('b', 'c', 'a'))).toEqual(new Set(['b', 'a']));
    expect(await collection.countDocuments()).toBe(3);
  });

  it('fails when the database is gone, and does not take no answer for a success', async () => {
    const collection = client.db('guarded').collection<StoredDocument>('documents');
    await mongo.stop();
    await expect(insertNew(collection, documents('d'))).rejects.toThrow();
  });
});
