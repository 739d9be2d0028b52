import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { all, events, numbers } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
  await test.client.appendToStream('kept', events(3));
});
afterAll(() => test.stop());

describe('a disk without room', () => {
  it('refuses appends, saying why, and goes on reading', async () => {
    await test.server.stop();
    const { bavail, bsize } = await statfs(tmpdir());
    const { dataDir } = test;
    const server = await startEventStore({ dataDir, diskReserve: 2 * bavail * bsize });
    const client = EventStoreDBClient.connectionString(server.url);
    const credentials = { username: 'admin', password: 'changeit' };
    for (const options of [{}, { credentials }]) {
      const failure = await client
        .appendToStream('kept', events(1), options)
        .catch((error) => error);
      expect(failure).toMatchObject({ type: 'unknown' });
      expect(failure.message).toMatch(/the disk is full: \d+ MiB are left/);
    }
    expect(numbers(await all(client.readStream('kept')))).toEqual([0, 1, 2]);
    await client.dispose();
    await server.stop();

    test.server = await startEventStore({ dataDir });
    test.client = EventStoreDBClient.connectionString(test.server.url);
    const { nextExpectedRevision } = await test.client.appendToStream('kept', events(1));
    expect(nextExpectedRevision).toBe(3n);
  });
});
