import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, NO_STREAM, START } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { all, errorOf, events, freshStream, numbers } from './support/events.js';
import { startTestServer } from './support/server.js';
import { endServer, spawnServer } from './support/spawn-server.js';
import { Recording } from './support/subscription.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-eventstore-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('a restart on the same folder and port', () => {
  it('keeps events, deletions, metadata and what was appended before, for the same client', async () => {
    const test = await startTestServer();
    const { client } = test;
    const [kept, deleted, ended] = [freshStream(), freshStream(), freshStream()];
    const proposed = events(3);
    const first = await client.appendToStream(kept, proposed, { expectedRevision: NO_STREAM });
    await client.setStreamMetadata(kept, { maxCount: 2 });
    for (const stream of [deleted, ended]) await client.appendToStream(stream, events(1));
    await client.deleteStream(deleted);
    await client.tombstoneStream(ended);
    const before = await all(client.readAll());

    await test.restart();
    // The first call after the end of a connection is what makes the client connect again.
    await all(client.readAll()).catch(() => undefined);
    expect(await all(client.readAll())).toEqual(before);
    expect(numbers(await all(client.readStream(kept)))).toEqual([1, 2]);
    expect(await client.appendToStream(kept, proposed)).toEqual(first);
    expect((await client.appendToStream(kept, events(1))).nextExpectedRevision).toBe(3n);
    expect(await errorOf(all(client.readStream(deleted)))).toBe('stream-not-found');
    expect(await errorOf(all(client.readStream(ended)))).toBe('stream-deleted');
    await test.stop();
  });

  it('finds events that were indexed on disk and events that were not', async () => {
    const test = await startTestServer();
    const stream = freshStream();
    const proposed = events(20_000);
    await test.client.appendToStream(stream, proposed);
    await test.client.appendToStream(stream, events(5, 20_000));
    await test.restart();
    await test.client.dispose();
    test.client = EventStoreDBClient.connectionString(test.server.url);
    const read = await all(test.client.readStream(stream, { fromRevision: 19_998n }));
    expect(numbers(read)).toEqual([19_998, 19_999, 20_000, 20_001, 20_002, 20_003, 20_004]);
    const repeated = await test.client.appendToStream(stream, [proposed[7]!]);
    expect(repeated.nextExpectedRevision).toBe(7n);
    await test.stop();
  });
});

describe('the end of a server', () => {
  it('ends subscriptions as cancelled and later calls as unavailable', async () => {
    const server = await startEventStore({ dataDir });
    const client = EventStoreDBClient.connectionString(server.url);
    const recording = new Recording(client.subscribeToAll({ fromPosition: START }));
    await recording.caughtUp();
    await server.stop();
    await recording.failed();
    expect(recording.error).toMatchObject({ type: 'cancelled' });
    expect(await errorOf(all(client.readAll()))).toBe('unavailable');
    await client.dispose();
  });

  it('ends a classic append under way as unavailable and a batch append as cancelled', async () => {
    const server = await startEventStore({ dataDir });
    const batching = EventStoreDBClient.connectionString(server.url);
    const classic = EventStoreDBClient.connectionString(server.url);
    const credentials = { username: 'admin', password: 'changeit' };
    await batching.appendToStream('warm', events(1));
    await classic.appendToStream('warm', events(1), { credentials });
    const outcomes = { batch: new Set<unknown>(), classic: new Set<unknown>() };
    let isOver = false;
    const keepAppending = async (way: keyof typeof outcomes) => {
      const client = way === 'batch' ? batching : classic;
      while (!isOver) {
        const appended = client.appendToStream(
          freshStream(),
          events(1),
          way === 'classic' ? { credentials } : {},
        );
        await appended.catch((error) => {
          outcomes[way].add(error.type);
          isOver = true;
        });
      }
    };
    const batch = keepAppending('batch');
    const others = Array.from({ length: 4 }, () => keepAppending('classic'));
    await batching.appendToStream('warm', events(1));
    await server.stop();
    await Promise.all([batch, ...others]);
    expect([...outcomes.classic]).toEqual(outcomes.classic.size ? ['unavailable'] : []);
    expect([...outcomes.batch].every((t) => t === 'cancelled' || t === 'unavailable')).toBe(true);
    await Promise.all([batching.dispose(), classic.dispose()]);
  });

  it('comes with SIGTERM, and leaves the folder free', async () => {
    const process = await spawnServer(dataDir);
    await endServer(process, 'SIGTERM');
    expect(process.child.exitCode).toBe(0);
    await (await startEventStore({ dataDir })).stop();
  });
});

describe('a folder', () => {
  it('is refused to a second process while the first one has it', async () => {
    const first = await spawnServer(dataDir);
    await expect(spawnServer(dataDir)).rejects.toMatchObject({ name: 'FolderInUse' });
    await expect(startEventStore({ dataDir })).rejects.toMatchObject({ name: 'FolderInUse' });
    await endServer(first, 'SIGKILL');
    await (await startEventStore({ dataDir })).stop();
  });
});
