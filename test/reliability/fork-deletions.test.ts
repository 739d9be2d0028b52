import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StreamForked } from '../../src/domain/fork.js';
import { type Api, apiOf, type Reply, type Written } from '../http/support/api.js';
import { expectProblem } from '../http/support/expect-problem.js';
import { createSession, postMessage, startExecution } from '../http/support/making.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { until } from '../support/until.js';

/** How many sessions are forked on one node while they are deleted for good on another. */
const races = Number(process.env.FORKLINE_RACES ?? 32);
const atOnce = 8;

let folder: string;
let stores: SharedStores;
let forking: Program;
let deleting: Program;
const forker = apiOf(() => forking.url, { 'X-User-Id': 'ann' });
const deleter = apiOf(() => deleting.url, { 'X-User-Id': 'ann' });

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  const start = () => startProgram(folder, { ...stores.settings, LOG_LEVEL: 'error' });
  // The one that is started first follows the events for both.
  deleting = await start();
  forking = await start();
}, 180_000);
afterAll(async () => {
  await forking.stop();
  await deleting.stop();
  await stores.stop();
  await removeFolder(folder);
});

/** The forks that are there although what they were forked from is not, asked of the event store. */
const orphans = async (): Promise<readonly string[]> => {
  const client = EventStoreDBClient.connectionString(stores.eventStoreUrl);
  const origins = new Map<string, string>();
  const ended = new Set<string>();
  const backwards = { direction: BACKWARDS, fromPosition: END } as const;
  for await (const { event } of client.readAll(backwards)) {
    if (event?.type === '$streamDeleted') ended.add(event.streamId);
    if (event?.type !== 'StreamForked') continue;
    const { ancestry } = event.data as StreamForked['data'];
    origins.set(event.streamId, ancestry.at(-1)?.stream ?? '');
  }
  await client.dispose();
  expect(origins.size).toBeGreaterThan(0);
  return [...origins]
    .filter(([fork, origin]) => ended.has(origin) && !ended.has(fork))
    .map(([fork]) => fork);
};

const inOrder = async (
  ahead: number,
  api: Api,
  call: () => Promise<Reply<Written>>,
): Promise<Reply<Written>> => {
  // Other requests in between let one side get ahead, some further than others.
  for (let left = ahead; left > 0; left -= 1) await api.get('/v1/sessions?limit=1');
  return call();
};

/** Repeats it, as the answer says to, while the read models are too far behind to tell. */
const deleted = async (id: string): Promise<Reply<Written>> => {
  for (;;) {
    const reply = await deleter.delete(`/v1/sessions/${id}?hard=true`);
    if (reply.status !== 504) return reply;
  }
};

/** @returns what came of the deletion */
const race = async (round: number): Promise<number> => {
  const { id, stream } = await createSession(forker);
  const execution = await startExecution(forker, { sessionId: id });
  await postMessage(forker, id, 'the past');
  const removing = inOrder(round % 3, deleter, () => deleted(id));
  const fork = (ahead: number, of: string, at: number) =>
    inOrder(ahead, forker, () => forker.post(`/v1/streams/${of}/forks`, { at }));
  const ahead = Math.floor(round / 3) % 8;
  const [removed, ofExecution, ...forks] = await Promise.all([
    removing,
    fork(ahead, execution.stream, 0),
    fork(ahead, stream, 1),
    fork(ahead + 2, stream, 0),
  ]);
  if (removed.status === 409) {
    expectProblem(removed, 'stream-has-forks', 409);
    expect(forks.some(({ status }) => status === 201)).toBe(true);
    // They were made before it was taken back, or after: it is there as it was.
    expect((await deleter.get(`/v1/streams/${stream}/events`)).status).toBe(200);
  } else {
    expect(removed.status).toBe(200);
    for (const refused of forks) expectProblem(refused, 'session-not-found', 404);
  }
  for (const { status, body } of forks)
    if (status === 201)
      expect((await deleter.get(`/v1/streams/${body.stream}/events`)).status).toBe(200);
  expect([201, 404]).toContain(ofExecution.status);
  return removed.status;
};

describe('sessions forked on one node while they are deleted for good on another', () => {
  it(
    `never leave a fork without its past, in ${races} races`,
    async () => {
      const seen = new Set<number>();
      for (let round = 0; round < races; round += atOnce) {
        const some = Array.from({ length: atOnce }, (_, n) => race(round + n));
        for (const status of await Promise.all(some)) seen.add(status);
      }
      expect([...seen].sort()).toEqual([200, 409]);
      await until(async () => (await orphans()).length === 0);
    },
    60_000 + races * 1_000,
  );

  it('leave none when the node that forks is killed in between', async () => {
    const sessions = await Promise.all(Array.from({ length: 24 }, () => createSession(forker)));
    const forks = sessions.map(({ stream }) =>
      forker.post(`/v1/streams/${stream}/forks`, { at: 0 }).catch(() => undefined),
    );
    const deletions = sessions.map(({ id }) => deleted(id));
    await Promise.race(deletions);
    await forking.kill();
    await Promise.all(forks);
    for (const { status } of await Promise.all(deletions)) expect([200, 409]).toContain(status);
    await until(async () => (await orphans()).length === 0);
  }, 180_000);
});
