import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { ask, type Json } from '../support/api.js';
import { randomFrom } from '../support/faulty-store.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { watchSlowness } from '../support/slowness.js';
import { historyOf } from './support/task-history.js';

const workerProgram = fileURLToPath(new URL('./support/queue-worker.js', import.meta.url));
const seed = Number(process.env.FORKLINE_SEED ?? 1);
/** FORKLINE_TASKS=10000 for a run in full. */
const taskCount = Number(process.env.FORKLINE_TASKS ?? 1_000);
const workerCount = 8;
const queue = 'mixed';

describe('a queue under faults', () => {
  let folder: string;
  let stores: SharedStores;
  let nodes: Program[];
  let workers: ChildProcess[];
  const random = randomFrom(seed);

  const startNode = (port: string): Promise<Program> =>
    startProgram(folder, { ...stores.settings, PORT: port });
  const startWorker = (index: number): ChildProcess =>
    spawn(
      process.execPath,
      [
        ...[workerProgram, `worker-${index}`, queue, `${Math.floor(random() * 1e9)}`],
        ...[join(folder, 'completions'), ...nodes.map(({ url }) => url)],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );

  beforeAll(async () => {
    folder = await temporaryFolder();
    stores = await startSharedStores(folder);
    nodes = [await startNode('0'), await startNode('0')];
    workers = [];
  }, 60_000);

  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    for (const node of nodes) await node.stop();
    await stores.stop();
    await removeFolder(folder);
  });

  /** Asks whichever node is up. */
  const answered = async (path: string, init?: RequestInit): Promise<Json> => {
    for (let attempt = 0; ; attempt++) {
      const { url } = nodes[attempt % nodes.length] as Program;
      try {
        return await ask(url, path, init);
      } catch (error) {
        if (attempt > 600) throw error;
        await delay(100);
      }
    }
  };

  const submit = async (count: number): Promise<void> => {
    for (let first = 0; first < count; first += 500) {
      const tasks = Array.from({ length: Math.min(500, count - first) }, (_, index) => ({
        ...{ type: 'count', queue, priority: (first + index) % 10, maxAttempts: 3 },
        payload: first + index,
      }));
      await answered('/v1/tasks', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': `${seed}-${first}`,
        },
        body: JSON.stringify(tasks),
      });
    }
  };

  /** Ends a node or a worker as a power cut would, and starts it again. */
  const breakSomething = async (): Promise<void> => {
    if (random() < 0.3) {
      const index = Math.floor(random() * nodes.length);
      const node = nodes[index] as Program;
      const { port } = new URL(node.url);
      await node.kill();
      nodes[index] = await startNode(port);
    } else {
      const index = Math.floor(random() * workers.length);
      const worker = workers[index] as ChildProcess;
      worker.kill('SIGKILL');
      if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
      workers[index] = startWorker(index);
    }
  };

  const openTasks = async (): Promise<number> => {
    const { ready, delayed, running } = await answered(`/v1/queues/${queue}`);
    return ready + delayed + running;
  };

  it('completes or dead-letters each of a thousand tasks once, whoever is killed meanwhile', async () => {
    await submit(taskCount);
    workers = Array.from({ length: workerCount }, (_, index) => startWorker(index));
    let kills = 0;
    const slowness = watchSlowness();
    while ((await openTasks()) > 0) {
      await breakSomething();
      kills++;
      await delay(500);
    }

    const histories = await taskHistories(stores.eventStoreUrl);
    expect(histories.size).toBe(taskCount);
    const found = [...histories.values()].map(historyOf);
    expect(found.flatMap(({ violations }) => violations)).toEqual([]);
    expect(found.filter(({ end }) => end === 'open')).toEqual([]);

    const completions = (await readFile(join(folder, 'completions'), 'utf8')).trim().split('\n');
    const confirmed = completions.map((line) => line.split(' ') as [string, string]);
    for (const [id, token] of confirmed)
      expect(tokenOfCompletion(histories.get(`task-${id}`) ?? [])).toBe(token);

    const expiries = found.flatMap((each) => each.expiries);
    const latest = Math.max(...expiries);
    const times = slowness.stop();
    process.stdout.write(
      `${kills} kills, ${expiries.length} leases taken back, the latest ${latest} ms after its end, ` +
        `the machine ${times.toFixed(1)} times slower; ${found.filter(({ end }) => end === 'dead').length} dead letters\n`,
    );
    // A second, or as much more as the machine is slower for being shared.
    expect(latest).toBeLessThan(1_000 * times);
  }, 600_000);
});

/** The events of each task, read from the store itself. */
const taskHistories = async (url: string): Promise<ReadonlyMap<string, readonly StoredEvent[]>> => {
  const store = connectEventStore(url);
  const histories = new Map<string, StoredEvent[]>();
  const events = store.subscribe('start');
  for await (const event of events) {
    if (!('stream' in event)) break;
    if (!event.stream.startsWith('task-')) continue;
    const history = histories.get(event.stream) ?? [];
    history.push(event);
    histories.set(event.stream, history);
  }
  events.close();
  await store.close();
  return histories;
};

/** The token of the lease that a task was completed under. */
const tokenOfCompletion = (events: readonly StoredEvent[]): unknown => {
  const completed = events.findIndex(({ type }) => type === 'TaskCompleted');
  const claimed = events.slice(0, completed).findLast(({ type }) => type === 'TaskClaimed');
  return (claimed?.data as { leaseToken?: unknown } | undefined)?.leaseToken;
};
