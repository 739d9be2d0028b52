import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { commandHandler } from '../../src/commands/handle.js';
import { worker } from '../../src/domain/worker.js';
import type { Runner } from '../../src/projecting/runner.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { workerHeartbeatsIn } from '../../src/queries/worker-heartbeats.js';
import { startLosingWorkers } from '../../src/reactions/lost-workers.js';
import { caughtUp, startTestRunner } from '../projecting/support/runners.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { request } from '../support/requests.js';
import { until } from '../support/until.js';
import { clockAt, typesOf } from './support/deadline-nodes.js';

let stores: TestStores;
let runner: Runner;
const nodes: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  stores = await startTestStores();
  runner = await startTestRunner(stores);
  await workerHeartbeatsIn(stores.db).prepare();
});
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
  await runner.stop();
  await stores.close();
});

const noon = '2026-01-01T12:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(noon) + seconds * 1_000).toISOString();

const startNode = (clock: ReturnType<typeof clockAt>): void => {
  nodes.push(
    startLosingWorkers({
      heartbeats: workerHeartbeatsIn(stores.db),
      collections: collectionsOf(stores.db),
      workers: commandHandler(stores.streams, worker),
      ...{ clock, log: pino({ level: 'silent' }), everyMs: 5, searchEveryMs: 5 },
    }),
  );
};

/** Registers a worker. `heard` is until when it need not be heard from again; nobody expects it without. */
const register = async (id: string, heard?: string): Promise<void> => {
  const registration = { userId: 'ann', queues: ['q'], maxConcurrentTasks: 1, heartbeatSeconds: 1 };
  await commandHandler(stores.streams, worker)(
    id,
    [{ type: 'RegisterWorker', ...registration }],
    request(),
  );
  if (heard)
    await workerHeartbeatsIn(stores.db).beat({
      ...{ workerId: id, at: Date.parse(noon), expiresAt: Date.parse(heard) },
    });
  await caughtUp(runner, stores);
};

const isLost = async (id: string): Promise<boolean> =>
  (await typesOf(stores, `worker-${id}`)).includes('WorkerLost');

it('loses a worker when its time is up by the clock, and not before', async () => {
  const clock = clockAt(at(3));
  await register('early', at(3));
  await register('late', at(4));
  startNode(clock);
  await until(() => isLost('early'));
  expect(await isLost('late')).toBe(false);
  clock.set(at(4));
  await until(() => isLost('late'));
});

it('loses each once, however many nodes notice it', async () => {
  const clock = clockAt(at(3));
  const ids = Array.from({ length: 20 }, (_, n) => `w-${n}`);
  for (const id of ids) await register(id, at(3));
  for (let n = 0; n < 3; n += 1) startNode(clock);
  const overdue = () => workerHeartbeatsIn(stores.db).expired(clock.now());
  await until(async () => (await overdue()).length === 0);
  for (const id of ids)
    expect(await typesOf(stores, `worker-${id}`)).toEqual(['WorkerRegistered', 'WorkerLost']);
});

it('finds workers of whom nobody expects a heartbeat, and gives them a minute', async () => {
  const clock = clockAt(at(0));
  await register('forgotten');
  await register('witness', at(59));
  startNode(clock);
  const expected = () => workerHeartbeatsIn(stores.db).expired(Date.parse(at(60)));
  await until(async () => (await expected()).some(({ workerId }) => workerId === 'forgotten'));
  clock.set(at(59));
  await until(() => isLost('witness'));
  expect(await isLost('forgotten')).toBe(false);
  clock.set(at(60));
  await until(() => isLost('forgotten'));
});
