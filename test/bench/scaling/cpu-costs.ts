// What a command, folding its event, and a read cost each process in CPU time, which is what the model
// reckons with: one node serves, another folds, a third does neither and hears of every event all the
// same; each store is a process of its own. Build, then
//   node dist/test/bench/scaling/cpu-costs.js [--times 2000] [--json file]
// What the processes compute while nothing is asked of them is measured before and subtracted. On Linux.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  removeFolder,
  startProgram,
  startSharedStore,
  temporaryFolder,
} from '../../support/program.js';
import { textOf } from '../core/support/traffic.js';
import { writeMeasured } from '../harness/findings.js';
import { post } from '../queue/post.js';
import { cpuTimes } from '../queue/support.js';

const { values } = parseArgs({
  options: { times: { type: 'string', default: '2000' }, json: { type: 'string' } },
});
const times = Number(values.times);
const sessions = 64;
/** Long, since Linux counts CPU time in hundredths of a second. */
const idleMs = 10_000;
const processes = ['serving', 'folding', 'bystander', 'events', 'documents'] as const;
type Process = (typeof processes)[number];

const folder = await temporaryFolder();
const [events, documents] = await Promise.all([
  startSharedStore('eventstore', join(folder, 'events')),
  startSharedStore('mongodb', join(folder, 'documents')),
]);
const stores = { EVENTSTORE_URL: events.url, MONGODB_URL: documents.url };
// The first to start has the lease, and keeps it.
const folding = await startProgram(join(folder, 'folding'), stores);
const serving = await startProgram(join(folder, 'serving'), stores);
const bystander = await startProgram(join(folder, 'bystander'), stores);
const started = { serving, folding, bystander, events, documents };
const bench = {
  ...{ url: serving.url, eventStoreUrl: events.url, mongoUrl: documents.url },
  pids: Object.fromEntries(processes.map((name) => [name, started[name].process.pid ?? 0])),
  stop: async () => {},
};

const read = async (path: string): Promise<void> => {
  const response = await fetch(serving.url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
};

const ids: string[] = [];
for (let n = 0; n < sessions; n++)
  ids.push((await post<{ id: string }>(serving.url, '/v1/sessions', { title: `${n}` })).id);

let newest = '0';
const caughtUp = async (): Promise<void> => {
  const path = `/v1/sessions/${ids[0]}/messages?limit=1&after=${newest}`;
  await read(path).catch(caughtUp);
};
const works: Readonly<Record<string, (n: number) => Promise<void>>> = {
  command: async (n) => {
    const path = `/v1/sessions/${ids[n % sessions]}/messages`;
    const body = { role: 'user', content: textOf(n) };
    const { position } = await post<{ position: string }>(serving.url, path, body);
    if (BigInt(position) > BigInt(newest)) newest = position;
  },
  'page of 20 messages': (n) => read(`/v1/sessions/${ids[n % sessions]}/messages?limit=20`),
  'state of a stream': (n) => read(`/v1/streams/session-${ids[n % sessions]}/state`),
};

const manyOf = async (work: (n: number) => Promise<void>, count: number, inFlight: number) => {
  let begun = 0;
  const worker = async () => {
    while (begun < count) await work(begun++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  await caughtUp();
};

/** Milliseconds of CPU of each process, and of the clock. */
const spentIn = async (work: () => Promise<unknown>) => {
  const before = await cpuTimes(bench);
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  const after = await cpuTimes(bench);
  const cpu = (name: Process) => (after[name] ?? 0) - (before[name] ?? 0);
  return { ms, cpu: Object.fromEntries(processes.map((name) => [name, cpu(name)])) };
};

for (const work of Object.values(works)) await manyOf(work, Math.ceil(times / 4), 16);
const idle = await spentIn(() => new Promise((resolve) => setTimeout(resolve, idleMs)));
const rows: Readonly<Record<string, string | number>>[] = [];
for (const inFlight of [1, 16])
  for (const [what, work] of Object.entries(works)) {
    // Reads cost the same beside others as alone; what is folded is folded together.
    if (inFlight === 1 && what !== 'command') continue;
    const { ms, cpu } = await spentIn(() => manyOf(work, times, inFlight));
    const each = (name: Process) => {
      const meanwhile = ((idle.cpu[name] ?? 0) / idle.ms) * ms;
      return Number((((cpu[name] ?? 0) - meanwhile) / times).toFixed(3));
    };
    rows.push({
      ...{ what, inFlight, perSecond: Math.round((times / ms) * 1_000) },
      ...Object.fromEntries(processes.map((name) => [`${name}, CPU ms`, each(name)])),
    });
  }
const share = (name: Process) => Number(((idle.cpu[name] ?? 0) / idle.ms).toFixed(3));
const idleShares = Object.fromEntries(processes.map((name) => [name, share(name)]));
await writeMeasured(values.json, { times, idleShares, rows });
console.log('Share of a core while idle:', idleShares);
console.table(rows);

await serving.stop();
await bystander.stop();
await folding.stop();
await Promise.all([events.stop(), documents.stop()]);
await removeFolder(folder);
