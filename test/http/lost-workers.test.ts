import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { apiOf } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, eventsOf } from './support/making.js';

// Two nodes on the same stores, each of which looks for workers that fell silent.

let folder: string;
let stores: SharedStores;
let nodes: readonly Program[];

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  const settings = { ...stores.settings, WORKER_LOST_AFTER: '1.5' };
  nodes = await Promise.all([startProgram(folder, settings), startProgram(folder, settings)]);
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await stores.stop();
  await removeFolder(folder);
});

const api = () => apiOf(() => nodes[0]!.url, { 'X-User-Id': 'ann' });
/** Waits until the node that is asked knows how the worker stands: what it does not know yet, it learns by the next heartbeat. */
const known = async (id: string): Promise<void> => {
  const last = (await eventsOf(api(), `worker-${id}`)).at(-1);
  await bodyOf(api().get(`/v1/workers/${id}?after=${last?.position}`));
};

const client = () => new ForklineClient({ url: nodes[1]!.url, userId: 'ann' });

it('loses a silent worker once, and has it back with its next heartbeat, still to stop', async () => {
  const stream = 'worker-silent';
  const events = client().feed.subscribe({ streams: [stream] }, { from: 'start' });
  const iterator = events[Symbol.asyncIterator]();
  const next = async () => (await iterator.next()).value?.type;
  const body = { id: 'silent', queues: ['q'], heartbeatSeconds: 1 };
  await bodyOf(api().post('/v1/workers', body));
  await bodyOf(api().post('/v1/workers/silent/stop'));
  expect([await next(), await next()]).toEqual(['WorkerRegistered', 'WorkerStopRequested']);
  expect(await next()).toBe('WorkerLost');
  await known('silent');

  const beat = await api().post('/v1/workers/silent/heartbeat');
  expect(beat.body).toMatchObject({ status: 'stopping', stopRequested: true });
  expect([await next(), await next()]).toEqual(['WorkerRegistered', 'WorkerStopRequested']);
  // Silent again: the second loss follows the return, and nothing came in between.
  expect(await next()).toBe('WorkerLost');
  events.close();

  const stored = await eventsOf(api(), stream);
  expect(stored.map(({ type }) => type)).toEqual([
    ...['WorkerRegistered', 'WorkerStopRequested', 'WorkerLost'],
    ...['WorkerRegistered', 'WorkerStopRequested', 'WorkerLost'],
  ]);
  const [, , lost] = stored;
  expect(lost?.metadata).toMatchObject({ userId: 'forkline', requestId: 'lost-workers' });
  expect(lost?.data).toEqual({ lastHeartbeatAt: expect.any(String) });
  const silence = Date.parse(lost!.created) - Date.parse(String(lost!.data.lastHeartbeatAt));
  expect(silence).toBeGreaterThanOrEqual(1_500);
});

it('does not lose one that has stopped', async () => {
  const body = { queues: ['q'], heartbeatSeconds: 1 };
  await bodyOf(api().post('/v1/workers', { id: 'done', ...body }));
  await bodyOf(api().post('/v1/workers/done/stop', { stopped: true }));
  // Another, silent since later, is lost: by then this one would have been.
  const events = client().feed.subscribe({ types: ['WorkerLost'] }, { from: 'now' });
  await bodyOf(api().post('/v1/workers', { id: 'witness', ...body }));
  for await (const { stream } of events) {
    expect(stream).not.toBe('worker-done');
    if (stream === 'worker-witness') break;
  }
  expect((await eventsOf(api(), 'worker-done')).map(({ type }) => type)).toEqual([
    ...['WorkerRegistered', 'WorkerStopped'],
  ]);
  expectProblem(await api().post('/v1/workers/done/heartbeat'), 'worker-stopped', 409);
});
