import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppendToStreamOptions, EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { all, errorOf, event, freshStream, numbers } from './support/events.js';
import { endServer, type ServerProcess, spawnServer } from './support/spawn-server.js';

// With credentials the client takes Append, without them BatchAppend.
const classic: AppendToStreamOptions = { credentials: { username: 'admin', password: 'changeit' } };

let dataDir: string;
let server: ServerProcess;
let client: EventStoreDBClient;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'forkline-eventstore-'));
  server = await spawnServer(dataDir, 0, 200);
  client = EventStoreDBClient.connectionString(server.url);
});
afterAll(async () => {
  await client.dispose();
  await endServer(server, 'SIGTERM');
  await rm(dataDir, { recursive: true });
});

/** Takes the lock of the log's file, so that the server's commits hang. @returns gives it back */
const holdCommits = () => {
  const log = open({ path: join(dataDir, 'log.mdb'), overlappingSync: false });
  let release = () => {};
  const held = log.transactionSync(
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  return async () => {
    release();
    await held;
    await log.close();
  };
};

/** Appends until it is taken: a busy disk may keep any commit past the timeout. */
const taken = async (
  stream: string,
  proposed: ReturnType<typeof event>,
  options: AppendToStreamOptions,
) => {
  for (;;)
    try {
      return await client.appendToStream(stream, [proposed], options);
    } catch (error) {
      if (!timeouts.includes((error as { type: string }).type)) throw error;
    }
};
const timeouts: readonly string[] = ['timeout', 'deadline-exceeded'];

describe.each([
  ['Append', classic, 'timeout'],
  ['BatchAppend', {}, 'deadline-exceeded'],
])('a commit that hangs, for %s', (_, options, timeout) => {
  it('is answered with a timeout, and an append repeated later is there once', async () => {
    const stream = freshStream();
    const first = event(0);
    const release = holdCommits();
    expect(await errorOf(client.appendToStream(stream, [first], options))).toBe(timeout);
    await release();
    const repeated = await taken(stream, first, options);
    expect(repeated.nextExpectedRevision).toBe(0n);
    await taken(stream, event(1), options);
    expect(numbers(await all(client.readStream(stream)))).toEqual([0, 1]);
  });

  it('lets those that wait behind it time out too, and they are never written', async () => {
    const stream = freshStream();
    const release = holdCommits();
    expect(await errorOf(client.appendToStream(stream, [event(0)], options))).toBe(timeout);
    const behind = [event(1), event(2)];
    for (const waiting of behind.map((proposed) =>
      errorOf(client.appendToStream(stream, [proposed], options)),
    ))
      expect(await waiting).toBe(timeout);
    await release();
    await taken(stream, event(3), options);
    expect(numbers(await all(client.readStream(stream)))).toEqual([0, 3]);
  });

  it('holds up no reads', async () => {
    const stream = freshStream();
    await taken(stream, event(0), options);
    const release = holdCommits();
    expect(await errorOf(client.appendToStream(stream, [event(1)], options))).toBe(timeout);
    expect(numbers(await all(client.readStream(stream)))).toEqual([0]);
    await release();
  });
});
