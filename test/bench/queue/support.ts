import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { v7 as newId } from 'uuid';
import { tasks } from '../../../projections/tasks.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { collectionName } from '../../../src/projecting/read-model.js';
import { ask, send } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStore,
  temporaryFolder,
} from '../../support/program.js';
import { taskEvents } from './task-events.js';

/** The program and its stores, each a process of its own. */
export type Bench = Readonly<{
  url: string;
  eventStoreUrl: string;
  mongoUrl: string;
  /** The processes, by what they are. */
  pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}>;

export const startBench = async (): Promise<Bench> => {
  const folder = await temporaryFolder();
  const [events, documents] = await Promise.all([
    startSharedStore('eventstore', folder),
    startSharedStore('mongodb', join(folder, 'mongodb')),
  ]);
  const stores = { EVENTSTORE_URL: events.url, MONGODB_URL: documents.url };
  const program = await startProgram(folder, stores);
  const processes = { forkline: program, events, documents };
  return {
    ...{ url: program.url, eventStoreUrl: events.url, mongoUrl: documents.url },
    pids: Object.fromEntries(
      Object.entries(processes).map(([name, { process }]) => [name, process.pid ?? 0]),
    ),
    stop: async () => {
      await program.stop();
      await Promise.all([events.stop(), documents.stop()]);
      await removeFolder(folder);
    },
  };
};

/** As Linux has it nearly everywhere. */
const ticksASecond = 100;

/** How long a process has computed so far, in milliseconds; on Linux. */
const cpuOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Counted from behind the name of the program, which may have spaces in it.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return ((Number(user) + Number(system)) / ticksASecond) * 1_000;
};

/** How long each process of a bench has computed so far, this one included, in milliseconds. */
export const cpuTimes = async ({ pids }: Bench): Promise<Readonly<Record<string, number>>> => {
  const { user, system } = process.cpuUsage();
  const times = Object.entries(pids).map(async ([name, pid]) => [name, await cpuOf(pid)] as const);
  return { ...Object.fromEntries(await Promise.all(times)), clients: (user + system) / 1_000 };
};

/** How many requests the program has answered so far. */
export const requestsServed = async ({ url }: Bench): Promise<number> => {
  const page = await (await fetch(`${url}/metrics`)).text();
  const counts = page.matchAll(/^forkline_http_requests_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
};

const atOnce = 256;
const patienceMs = 30 * 60_000;

/** Puts tasks in a queue by appending their first events, and waits until the read model has them. */
export const fill = async (bench: Bench, queue: string, count: number): Promise<void> => {
  const store = connectEventStore(bench.eventStoreUrl);
  let begun = 0;
  let newest = 0;
  const writer = async () => {
    while (begun < count) {
      begun += 1;
      const id = newId();
      const { submitted } = taskEvents(id, queue, { n: begun }, begun % 10);
      const event = { id: newId(), ...submitted };
      const { position } = await store.append(`task-${id}`, [event], 'none');
      newest = Math.max(newest, position);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, writer));
  await store.close();
  const giveUp = Date.now() + patienceMs;
  for (;;) {
    const { items } = await ask(bench.url, '/v1/projections');
    const behind = (items as readonly { name: string; position: string }[]).filter(
      ({ name, position }) => ['tasks', 'queues'].includes(name) && Number(position) < newest,
    );
    if (behind.length === 0) return;
    if (Date.now() > giveUp) throw new Error('the read models did not catch up');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

const documentsAtOnce = 5_000;

/**
 * Makes a queue longer by documents of the read model alone, behind the tasks that are in it: what a
 * claim looks at, at a size that would take hours to submit. They have no events and cannot be claimed.
 */
export const lengthen = async (bench: Bench, queue: string, count: number): Promise<void> => {
  const client = await MongoClient.connect(bench.mongoUrl);
  const collection = client.db('forkline').collection<{ _id: string }>(collectionName(tasks));
  const model = await collection.findOne({ queue, status: 'ready', priority: 0 });
  if (!model) throw new Error('there is no task to model others on');
  for (let added = 0; added < count; added += documentsAtOnce) {
    const documents = Array.from({ length: Math.min(documentsAtOnce, count - added) }, (_, n) => {
      const id = newId();
      const stream = `task-${id}`;
      return { ...model, _id: stream, stream, id, readyPosition: 1e12 + added + n };
    });
    await collection.insertMany(documents, { ordered: false });
  }
  await client.close();
};

export const claimFrom = async (url: string, queue: string, max = 1) =>
  (await send(url, `/v1/queues/${queue}/claim`, { workerId: 'bench', max })).items as readonly {
    id: string;
    leaseToken: string;
  }[];

/** The value below which a share of the values lies. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
