import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { messages as messagesModel } from '../../../projections/messages.js';
import { sessions as sessionsModel } from '../../../projections/sessions.js';
import { collectionName } from '../../../src/projecting/read-model.js';
import { ask, send } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import type { Done, Turn } from './support/load-generator.js';

// Requests a second of the program beside those of a bare express that only makes the client calls, each
// on stores of its own, in turns in the same run. What counts is the ratio. Where others use the machine,
// rates say little: the CPU time that a request takes of the server and its stores is steadier.
// node dist/test/bench/http/against-bare.js [rounds] [milliseconds a turn]

const rounds = Number(process.argv[2] ?? 5);
const ms = Number(process.argv[3] ?? 2_000);
const sessions = 64;
const messagesEach = 20;
const text = 'Please find me a flight to Oslo on Tuesday, and tell me what it costs. '.repeat(3);

const here = (name: string) => fileURLToPath(new URL(`./support/${name}`, import.meta.url));

const folders = [await temporaryFolder(), await temporaryFolder()] as const;
const [own, bare] = await Promise.all(folders.map((folder) => startSharedStores(folder)));
if (!own || !bare) throw new Error('no stores');
const program = await startProgram(folders[0], { ...own.settings, LOG_LEVEL: 'warn' });

const bareServer: ChildProcess = spawn(process.execPath, [here('bare-server.js')], {
  env: { ...process.env, NODE_ENV: 'production', ...bare.settings },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const bareUrl = await new Promise<string>((resolve) => {
  if (!bareServer.stdout) throw new Error('no output');
  createInterface({ input: bareServer.stdout }).once('line', (line) =>
    resolve(line.replace('listening on ', '')),
  );
});

/** Sessions with messages, in the program and, as they are there, in the database of the other. */
const fill = async (): Promise<readonly string[]> => {
  const ids: string[] = [];
  let last = '';
  for (let n = 0; n < sessions; n++) {
    const { id } = await send(program.url, '/v1/sessions', { title: `Trip ${n}` });
    for (let m = 0; m < messagesEach; m++) {
      const message = { role: 'user', content: text };
      last = (await send(program.url, `/v1/sessions/${id}/messages`, message)).position;
    }
    ids.push(id);
  }
  await fetch(`${program.url}/v1/sessions/${ids.at(-1)}/messages?after=${last}`);
  const [from, to] = [new MongoClient(own.mongoUrl), new MongoClient(bare.mongoUrl)];
  for (const name of [collectionName(sessionsModel), collectionName(messagesModel)]) {
    const collection = from.db('forkline').collection(name);
    const copy = to.db('forkline').collection(name);
    await copy.insertMany(await collection.find().toArray());
    for (const { key, name: index } of await collection.indexes())
      if (index !== '_id_' && !('_fts' in key)) await copy.createIndex(key);
  }
  await Promise.all([from.close(), to.close()]);
  return ids;
};

const request = (method: string, path: string, body?: string): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    `\r\n${body ?? ''}`,
  ].join('\r\n');

const generator = fork(here('load-generator.js'));
/** CPU time that processes have had, in microseconds, where the system tells. */
const cpuOf = async (...processes: readonly ChildProcess[]): Promise<number> => {
  let ticks = 0;
  for (const { pid } of processes) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Of one turn: requests a second, and microseconds of CPU a request in the server and in its stores. */
type Taken = Readonly<{ rate: number; server: number; store: number }>;

const servers = {
  program: { url: program.url, server: program.process, store: own.process },
  bare: { url: bareUrl, server: bareServer, store: bare.process },
};

/** So many requests of a kind are answered by each before any is counted: by then all code is compiled. */
const warmUp = 2_000;
const mostWarmUpMs = 30_000;

/** Resolves once the program has folded what there is: what is left over is not to disturb the next turn. */
const folded = async (): Promise<void> => {
  const items: readonly Readonly<{ kind: string; lagEvents?: number }>[] = (
    await ask(program.url, '/v1/projections')
  ).items;
  if (items.some(({ kind, lagEvents }) => kind === 'projection' && lagEvents !== 0)) await folded();
};

const take = async (
  { url, server, store }: (typeof servers)['program'],
  turn: Omit<Turn, 'url'>,
): Promise<Taken & Readonly<{ answered: number }>> => {
  const before = [await cpuOf(server), await cpuOf(store)] as const;
  generator.send({ url, ...turn });
  const [{ answered, ms }] = (await once(generator, 'message')) as [Done];
  if (server === program.process) await folded();
  const after = [await cpuOf(server), await cpuOf(store)] as const;
  return {
    answered,
    rate: (answered / ms) * 1_000,
    server: (after[0] - before[0]) / answered,
    store: (after[1] - before[1]) / answered,
  };
};

const ids = await fill();
// What is appended to are other sessions than those read, which so stay as long as they are.
const grown: string[] = [];
for (let n = 0; n < sessions; n++)
  grown.push((await send(program.url, '/v1/sessions', { title: `Log ${n}` })).id);
const message = JSON.stringify({ role: 'user', content: text });
const kinds = {
  'append a message': grown.map((id) => request('POST', `/v1/sessions/${id}/messages`, message)),
  'get a session': ids.map((id) => request('GET', `/v1/sessions/${id}`)),
  'list messages': ids.map((id) => request('GET', `/v1/sessions/${id}/messages`)),
};

const rows = [];
for (const [kind, requests] of Object.entries(kinds))
  for (const inFlight of [1, 64]) {
    const took = { program: [] as Taken[], bare: [] as Taken[] };
    for (const server of Object.values(servers)) {
      const began = performance.now();
      for (let answered = 0; answered < warmUp && performance.now() - began < mostWarmUpMs; )
        answered += (await take(server, { requests, inFlight, ms })).answered;
    }
    for (let round = 0; round < rounds; round++) {
      const order =
        round % 2 === 0 ? (['bare', 'program'] as const) : (['program', 'bare'] as const);
      for (const name of order) {
        took[name].push(await take(servers[name], { requests, inFlight, ms }));
      }
    }
    const of = (name: 'program' | 'bare', what: keyof Taken) =>
      median(took[name].map((taken) => taken[what]));
    const ratio = (what: keyof Taken) =>
      median(took.program.map((taken, n) => taken[what] / (took.bare[n]?.[what] ?? Number.NaN)));
    rows.push({
      ...{ kind, 'in flight': inFlight },
      'bare/s': Math.round(of('bare', 'rate')),
      'program/s': Math.round(of('program', 'rate')),
      ratio: Number(ratio('rate').toFixed(2)),
      'bare µs': Math.round(of('bare', 'server')),
      'program µs': Math.round(of('program', 'server')),
      'bare store µs': Math.round(of('bare', 'store')),
      'program store µs': Math.round(of('program', 'store')),
    });
    console.log(JSON.stringify(rows.at(-1)));
  }
console.table(rows);

generator.kill();
bareServer.kill();
await program.stop();
await Promise.all([own.stop(), bare.stop()]);
for (const folder of folders) await removeFolder(folder);
