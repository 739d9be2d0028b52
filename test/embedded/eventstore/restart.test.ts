import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, NO_STREAM, START } from '@eventstore/db-client';
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { all, errorOf, events, freshStream, numbers } from './support/events.js';
import { startTestServer } from './support/server.js';
import { endServer, spawnServer } from './support/spawn-server.js';
import { Recording } from './support/subscription.js';

const require = createRequire(import.meta.url);
const { StreamsClient } = require('@eventstore/db-client/generated/streams_grpc_pb.js');
const { AppendReq, DeleteReq } = require('@eventstore/db-client/generated/streams_pb.js');
const { StreamIdentifier } = require('@eventstore/db-client/generated/shared_pb.js');

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

  it('ends a classic append that is still being sent as unavailable', async () => {
    const server = await startEventStore({ dataDir });
    const client = new StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const ended = new Promise<{ code: number }>((resolve) => {
      const call = client.append(resolve);
      const request = new AppendReq();
      const options = new AppendReq.Options();
      const identifier = new StreamIdentifier();
      identifier.setStreamName(Buffer.from('sending').toString('base64'));
      options.setStreamIdentifier(identifier);
      request.setOptions(options);
      call.write(request);
    });
    // Another call on the same connection tells that the first one has arrived.
    await new Promise((resolve) => client.delete(new DeleteReq(), resolve));
    await server.stop();
    expect((await ended).code).toBe(14);
    client.close();
  });

  it('ends batch appends under way as cancelled, and none twice', async () => {
    const server = await startEventStore({ dataDir });
    const client = EventStoreDBClient.connectionString(server.url);
    await client.appendToStream('warm', events(1));
    const appends = Array.from({ length: 200 }, () =>
      client.appendToStream(freshStream(), events(20)).then(
        () => 'done',
        (error: { type?: string }) => error.type,
      ),
    );
    await appends[0];
    await server.stop();
    const outcomes = new Set(await Promise.all(appends));
    for (const outcome of outcomes) expect(['done', 'cancelled', 'unavailable']).toContain(outcome);
    await client.dispose();
  });

  it('comes with SIGTERM, and leaves the folder free', async () => {
    const process = await spawnServer(dataDir);
    await endServer(process, 'SIGTERM');
    expect(process.child.exitCode).toBe(0);
    await (await startEventStore({ dataDir })).stop();
  });
});

describe('a port that is taken', () => {
  it('is an error that leaves the folder free', async () => {
    const server = await startEventStore({ dataDir });
    const other = await mkdtemp(join(tmpdir(), 'forkline-eventstore-'));
    const { port } = server;
    await expect(startEventStore({ dataDir: other, port })).rejects.toThrow(
      /EADDRINUSE|No address/,
    );
    await (await startEventStore({ dataDir: other })).stop();
    await server.stop();
    await rm(other, { recursive: true });
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
