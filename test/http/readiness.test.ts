import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { v4 as newId } from 'uuid';
import { projections } from '../../projections/index.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { readinessOf } from '../../src/http/readiness.js';
import type { Runner } from '../../src/projecting/runner.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { startTestRunner } from '../projecting/support/runners.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { until } from '../support/until.js';
import { type Api, apiOf } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { createSession } from './support/making.js';

type Checks = readonly Readonly<{ name: string; ok: boolean; reason?: string }>[];

let folder: string;
let stores: TestStores;
let program: Program;
let api: Api;
let log = '';
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startTestStores();
  program = await startProgram(folder, {
    ...{ EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl },
    ...{ READY_GRACE_SECONDS: '1', LOG_LEVEL: 'info', LOG_FORMAT: 'json' },
  });
  program.process.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  api = apiOf(() => program.url);
});
afterAll(async () => {
  await program.stop();
  await stores.close();
  await removeFolder(folder);
});

/** Puts an event behind the program's back: one that says it is of a type and is not. */
const plantPoison = async (stream: string): Promise<void> => {
  const client = EventStoreDBClient.connectionString(stores.eventStoreUrl);
  const poison = { id: newId(), type: 'SessionRenamed', data: { colour: 'red' } };
  await client.appendToStream(stream, jsonEvent(poison));
  await client.dispose();
};

const ready = async (): Promise<Readonly<{ status: number; failed: Checks }>> => {
  const { status, body } = await api.get<{ checks: Checks }>('/readyz');
  return { status, failed: body.checks.filter(({ ok }) => !ok) };
};
const untilReady = () => until(async () => (await ready()).status === 200);
const untilFailed = (name: string, reason: string) =>
  until(async () =>
    (await ready()).failed.some((each) => each.name === name && each.reason === reason),
  );

describe('readiness', () => {
  it('is asked of each store and each projection', async () => {
    const { status, body } = await api.get<{ status: string; checks: Checks }>('/readyz');
    expect({ status, said: body.status }).toEqual({ status: 200, said: 'ready' });
    expect(body.checks.every(({ ok }) => ok)).toBe(true);
    expect(body.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['event-store', 'database', 'projections/sessions']),
    );
  });

  it('outlasts an event that cannot be read, which is parked', async () => {
    const { stream } = await createSession(api);
    await plantPoison(stream);
    const { position } = await createSession(api);
    await api.get(`/v1/sessions?after=${position}`);
    const { body } = await api.get<{ items: readonly object[] }>('/v1/projections/sessions/parked');
    expect(body.items).toMatchObject([{ type: 'SessionRenamed' }]);
    expect((await ready()).status).toBe(200);
  });

  it('ends with the database, and with it the projections, while the process is alive', async () => {
    await stores.stopMongo();
    await untilFailed('database', 'no answer');
    expect((await ready()).failed.map(({ name }) => name)).toEqual(['database']);
    await createSession(api);
    await untilFailed('projections/sessions', 'stuck');
    const problem = expectProblem(await api.get('/readyz'), 'not-ready', 503);
    expect(problem).toMatchObject({
      detail: expect.stringContaining('projections/sessions: stuck'),
      checks: expect.arrayContaining([
        { name: 'event-store', ok: true },
        { name: 'database', ok: false, reason: 'no answer' },
        { name: 'projections/sessions', ok: false, reason: 'stuck' },
      ]),
    });
    expect((await api.get('/healthz')).status).toBe(200);
    await stores.startMongo();
    await untilReady();
  });

  it('ends with the event store', async () => {
    await stores.stopEventStore();
    await untilFailed('event-store', 'no answer');
    expect((await api.get('/healthz')).status).toBe(200);
    await stores.startEventStore();
    await untilReady();
  });

  it('is logged when it changes, not when it is asked for', () => {
    const lines = log.split('\n').filter((line) => /ready/.test(line));
    const changes = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(changes.length).toBeLessThan(20);
    expect(changes.at(-1)).toBe('ready again');
    expect(changes.filter((change) => change === 'ready again').length).toBe(2);
  });
});

describe('what is found out', () => {
  const watching = (store: Pick<EventStore, 'head'>, runner: Pick<Runner, 'status'>) => {
    let now = 0;
    const readiness = readinessOf({
      ...{ store, runner, collections: collectionsOf(stores.db) },
      serving: { isForeign: () => false },
      ...{ log: pino({ level: 'silent' }), lagSeconds: 60, graceSeconds: 60 },
      clock: () => now,
    });
    const pass = (ms: number) => {
      now += ms;
    };
    return { check: readiness.check, pass };
  };

  it('costs one question to each store a second, however many ask', async () => {
    let asked = 0;
    const head = () => stores.store.head().finally(() => (asked += 1));
    const { check, pass } = watching({ head }, { status: () => [] });
    await Promise.all(Array.from({ length: 500 }, check));
    for (let n = 0; n < 500; n += 1) await check();
    expect(asked).toBe(1);
    pass(1_001);
    await Promise.all(Array.from({ length: 500 }, check));
    expect(asked).toBe(2);
  });

  it('is also that a projection stands before an event that it cannot pass', async () => {
    const { stream } = await createSession(api);
    await plantPoison(stream);
    await createSession(api);
    // Without a place for parked events, a runner goes no further.
    const strict = await startTestRunner(stores, { db: stores.database('strict') });
    const { check, pass } = watching(stores.store, strict);
    const wrong = async () => (await check()).filter(({ ok }) => !ok);
    await until(async () => {
      pass(61_000);
      return (await wrong()).some(({ reason }) => reason === 'stuck');
    });
    // It is said of each, since all of them are folded together.
    expect(await wrong()).toHaveLength(projections.length);
    expect(strict.status()[0]?.position).toBeLessThan(await stores.store.head());
    await strict.stop();
  });
});
