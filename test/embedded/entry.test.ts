import { END, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { removeFolder, temporaryFolder } from '../support/program.js';

describe('the embedded servers, by the name that users import them under', () => {
  it('serve the unmodified clients', async () => {
    // The name resolves to what package.json exports.
    const { startEventStore, startMongo } = await import('forkline/embedded');
    const folder = await temporaryFolder();
    const events = await startEventStore({ dataDir: `${folder}/events` });
    const mongo = await startMongo({ dataDir: `${folder}/mongo` });
    const client = EventStoreDBClient.connectionString(events.url);
    const database = await MongoClient.connect(mongo.url);

    await client.appendToStream('cart-1', jsonEvent({ type: 'Added', data: { sku: 'a' } }));
    const read: unknown[] = [];
    for await (const { event } of client.readStream('cart-1', {
      fromRevision: END,
      direction: 'backwards',
    }))
      read.push(event?.data);
    expect(read).toEqual([{ sku: 'a' }]);

    const carts = database.db('shop').collection<{ _id: string; items: number }>('carts');
    await carts.insertOne({ _id: 'cart-1', items: 1 });
    expect(await carts.find().toArray()).toEqual([{ _id: 'cart-1', items: 1 }]);

    await database.close();
    await client.dispose();
    await mongo.stop();
    await events.stop();
    await removeFolder(folder);
  });
});
