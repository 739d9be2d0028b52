import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { audit as auditModel } from '../../../projections/audit.js';
import { messages as messagesModel } from '../../../projections/messages.js';
import { sessions as sessionsModel } from '../../../projections/sessions.js';
import { streams as streamsModel } from '../../../projections/streams.js';
import { collectionName } from '../../../src/projecting/read-model.js';
import { ask, send } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import { indexesOf } from '../mongo/indexes.js';
import type { Done, Turn } from './support/load-generator.js';
import { startBareServer } from './support/start-bare-server.js';

// Requests a second of the program beside those of a bare express that only makes the client calls, and of
// one that keeps the read models of a message as well, each on stores of its own, in turns in the same run.
// What counts is the ratio. Where others use the machine,
// rates say little: the CPU time that a request takes of the server and its stores is steadier.
// node dist/test/bench/http/against-bare.js [rounds] [milliseconds a turn]

const rounds = Number(process.argv[2] ?? 12);
const ms = Number(process.argv[3] ?? 2_000);
const sessions = 64;
const messagesEach = 20;
const text = 'Please find me a flight to Oslo on Tuesday, and tell me what it costs. '.repeat(3);

const folders = await Promise.all(Array.from({ length: 4 }, () => temporaryFolder()));
const stores = await Promise.all(folders.map((folder) => startSharedStores(folder)));
const [own, bare, unaltered, modelled] = stores;
const [folder] = folders;
if (!folder || !own || !bare || !unaltered || !modelled) throw new Error('no stores');
// Limits that count as they do by default, and that the load generator does not come to.
const limits = { RATE_LIMIT_READS: '1000000', RATE_LIMIT_WRITES: '1000000' };
const program = await startProgram(folder, { ...own.settings, ...limits, LOG_LEVEL: 'warn' });
const bareServer = await startBareServer(bare.settings);
const unalteredServer = await startBareServer({ ...unaltered.settings, UNALTERED: 'yes' });
const modelledServer = await startBareServer({ ...modelled.settings, READ_MODELS: 'yes' });

/** Sessions with messages, and others to append to, which so leave those that are read as long as they are. */
const fill = async () => {
  const ids: string[] = [];
  const grown: string[] = [];
  let last = '';
  for (let n = 0; n < sessions; n++) {
    const { id } = await send(program.url, '/v1/sessions', { title: `Trip ${n}` });
    for (let m = 0; m < messagesEach; m++) {
      const message = { role: 'user', content: text };
      last = (await send(program.url, `/v1/sessions/${id}/messages`, message)).position;
    }
    ids.push(id);
    grown.push((await send(program.url, '/v1/sessions', { title: `Log ${n}` })).id);
  }
  await fetch(`${program.url}/v1/sessions/${ids.at(-1)}/messages?after=${last}`);
  await folded(servers.program.isFolded);
  return { ids, grown };
};

type Model = Parameters<typeof collectionName>[0];

/** Copies read models of the program with their indexes, and makes empty ones with the indexes of others. */
const copyModels = async (
  mongoUrl: string,
  models: readonly Model[],
  empty: readonly Model[] = [],
): Promise<void> => {
  const [from, to] = [new MongoClient(own.mongoUrl), new MongoClient(mongoUrl)];
  for (const model of [...models, ...empty]) {
    const collection = from.db('forkline').collection(collectionName(model));
    const copy = to.db('forkline').collection(collectionName(model));
    await copy.createIndexes([...(await indexesOf(collection))]);
    if (models.includes(model)) await copy.insertMany(await collection.find().toArray());
  }
  await Promise.all([from.close(), to.close()]);
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

const generator = fork(fileURLToPath(new URL('./support/load-generator.js', import.meta.url)));
const isGone = new AbortController();
generator.once('exit', () => isGone.abort(new Error('the generator ended')));

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

/** Resolves once nothing is left to fold: what is left over is not to disturb the next turn. */
const folded = async (isFolded: () => Promise<boolean>): Promise<void> => {
  while (!(await isFolded())) await delay(10);
};

const servers = {
  bare: {
    ...{ url: bareServer.url, server: bareServer.process, store: bare.process },
    isFolded: async () => true,
  },
  unaltered: {
    ...{ url: unalteredServer.url, server: unalteredServer.process, store: unaltered.process },
    isFolded: async () => true,
  },
  modelled: {
    ...{ url: modelledServer.url, server: modelledServer.process, store: modelled.process },
    isFolded: async () => (await (await fetch(`${modelledServer.url}/unwritten`)).json()) === 0,
  },
  program: {
    ...{ url: program.url, server: program.process, store: own.process },
    isFolded: async () => {
      const { items } = await ask(program.url, '/v1/projections');
      return (items as readonly { kind: string; lagEvents?: number }[]).every(
        ({ kind, lagEvents }) => kind !== 'projection' || lagEvents === 0,
      );
    },
  },
};
type Name = keyof typeof servers;

/** So many requests of a kind are answered by each before any is counted: by then all code is compiled. */
const warmUp = 5_000;
const mostWarmUpMs = 30_000;

const take = async (
  { url, server, store, isFolded }: (typeof servers)[Name],
  turn: Omit<Turn, 'url'>,
): Promise<Taken & Readonly<{ answered: number }>> => {
  const before = [await cpuOf(server), await cpuOf(store)] as const;
  generator.send({ url, ...turn });
  const [{ answered, ms }] = (await once(generator, 'message', isGone)) as [Done];
  await folded(isFolded);
  const after = [await cpuOf(server), await cpuOf(store)] as const;
  return {
    answered,
    rate: (answered / ms) * 1_000,
    server: (after[0] - before[0]) / answered,
    store: (after[1] - before[1]) / answered,
  };
};

const { ids, grown } = await fill();
for (const { mongoUrl } of [bare, unaltered])
  await copyModels(mongoUrl, [sessionsModel, messagesModel]);
// What these have is named by the positions of events, which are others in its store.
await copyModels(modelled.mongoUrl, [sessionsModel, streamsModel], [messagesModel, auditModel]);
const message = JSON.stringify({ role: 'user', content: text });
const kinds: readonly Readonly<{
  kind: string;
  names: readonly Name[];
  requests: readonly string[];
}>[] = [
  {
    // Those that are compared first have their turns one after the other: a machine's speed may change.
    ...{ kind: 'append a message', names: ['unaltered', 'bare', 'program', 'modelled'] },
    requests: grown.map((id) => request('POST', `/v1/sessions/${id}/messages`, message)),
  },
  {
    ...{ kind: 'get a session', names: ['unaltered', 'bare', 'program'] },
    requests: ids.map((id) => request('GET', `/v1/sessions/${id}`)),
  },
  {
    ...{ kind: 'list messages', names: ['unaltered', 'bare', 'program'] },
    requests: ids.map((id) => request('GET', `/v1/sessions/${id}/messages`)),
  },
];

const rows = [];
for (const { kind, names, requests } of kinds)
  for (const inFlight of [1, 64]) {
    const took: Record<Name, Taken[]> = { bare: [], unaltered: [], modelled: [], program: [] };
    for (const name of names) {
      const began = performance.now();
      for (let answered = 0; answered < warmUp && performance.now() - began < mostWarmUpMs; )
        answered += (await take(servers[name], { requests, inFlight, ms })).answered;
    }
    for (let round = 0; round < rounds; round++)
      for (const name of round % 2 === 0 ? names : names.toReversed())
        took[name].push(await take(servers[name], { requests, inFlight, ms }));
    const of = (name: Name, what: keyof Taken) =>
      Math.round(median(took[name].map((taken) => taken[what])));
    const ratio = (name: Name, beside: Name) => {
      const ratios = took[name].map(({ rate }, n) => rate / (took[beside][n]?.rate ?? Number.NaN));
      return Number(median(ratios).toFixed(2));
    };
    rows.push({
      ...{ kind, 'in flight': inFlight, ratio: ratio('program', 'bare') },
      'beside unaltered': ratio('program', 'unaltered'),
      ...(names.includes('modelled') && {
        'modelled beside bare': ratio('modelled', 'bare'),
        'beside modelled': ratio('program', 'modelled'),
      }),
      ...Object.fromEntries(names.map((name) => [`${name}/s`, of(name, 'rate')])),
      ...Object.fromEntries(names.map((name) => [`${name} µs`, of(name, 'server')])),
      ...Object.fromEntries(names.map((name) => [`${name} store µs`, of(name, 'store')])),
    });
    console.log(JSON.stringify(rows.at(-1)));
  }
console.table(rows);

generator.kill();
await Promise.all([
  ...[bareServer, unalteredServer, modelledServer].map((server) => server.stop()),
  program.stop(),
]);
await Promise.all(stores.map((store) => store.stop()));
for (const folder of folders) await removeFolder(folder);
