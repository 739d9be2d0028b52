import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { startMongo } from '../../src/embedded/index.js';
import type { EmbeddedMongo } from '../../src/embedded/mongo/start.js';
import type { RequestIds } from '../../src/http/context.js';
import { onceByKey, type Sent } from '../../src/http/idempotency.js';
import { connectDatabase, type Database } from '../../src/queries/database.js';
import { idempotencyKeysIn } from '../../src/queries/idempotency-keys.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

let folder: string;
let mongo: EmbeddedMongo;
let database: Database;
beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  database = await connectDatabase(mongo.url, 'forkline');
});
afterAll(async () => {
  await database.close();
  await mongo.stop();
  await removeFolder(folder);
});

it('an answer that may be another one next time is not kept, but what it was carried out under is', async () => {
  const once = onceByKey(idempotencyKeysIn(database.db, { now: Date.now }));
  // What tells one request from another; the rest of it is not looked at.
  const request = { method: 'POST', originalUrl: '/v1/x', body: [1], headers: {} } as Request;
  const carriedOut: RequestIds[] = [];
  const answers: Sent[] = [
    { status: 200, headers: {}, body: 'half of it', passing: true },
    { status: 200, headers: {}, body: 'all of it' },
    { status: 200, headers: {}, body: 'never asked for' },
  ];
  const ask = () =>
    once('key', request, async ({ commandId, newId }) => {
      carriedOut.push({ commandId, newId });
      return answers[carriedOut.length - 1]!;
    });
  expect(await ask()).toMatchObject({ body: 'half of it' });
  expect(await ask()).toMatchObject({ body: 'all of it' });
  expect(await ask()).toMatchObject({
    ...{ body: 'all of it', headers: { 'Idempotent-Replayed': 'true' } },
  });
  expect(carriedOut).toEqual([carriedOut[0], carriedOut[0]]);
});

it('a key is known for a day by the clock that nodes share, whatever that of this one says', async () => {
  const shared = { now: () => Date.parse('2026-11-21T12:00:00Z') };
  const keys = idempotencyKeysIn(database.db, shared);
  const asked = { fingerprint: 'f', commandId: 'first', newId: 'n' };
  await keys.claim('shared', asked);
  const again = { ...asked, commandId: 'second' };
  expect(await keys.claim('shared', again)).toMatchObject({ commandId: 'first' });
  await keys.purge();
  expect(await keys.claim('shared', again)).toMatchObject({ commandId: 'first' });

  const dayLater = { now: () => shared.now() + 24 * 3_600_000 + 1 };
  const later = idempotencyKeysIn(database.db, dayLater);
  expect(await later.claim('shared', again)).toMatchObject({ commandId: 'second' });
});

it('keys that are claimed at the same time, on two nodes, are each one request', async () => {
  const nodes = [1, 2].map(() => idempotencyKeysIn(database.db, { now: Date.now }));
  const keys = Array.from({ length: 100 }, (_, n) => `at once ${n}`);
  const claims = keys.flatMap((key) =>
    nodes.map(async (node, n) => {
      const asked = { fingerprint: 'f', commandId: `${key} of ${n}`, newId: 'n' };
      return [key, (await node.claim(key, asked)).commandId] as const;
    }),
  );
  const kept = await Promise.all(claims);
  const firsts = new Map(kept);
  expect(firsts.size).toBe(keys.length);
  for (const [key, commandId] of kept) {
    expect(commandId).toBe(firsts.get(key));
    expect(commandId.startsWith(`${key} of`)).toBe(true);
  }
  const answer = (body: string) => ({ status: 200, headers: {}, body });
  await Promise.all(keys.map((key, n) => nodes[n % 2]!.answer(key, answer(key))));
  const asked = { fingerprint: 'f', commandId: 'later', newId: 'n' };
  const again = await Promise.all(keys.map((key) => nodes[0]!.claim(key, asked)));
  expect(again.map(({ answer }) => answer?.body)).toEqual(keys);
});
