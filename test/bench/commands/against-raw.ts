// Commands decided in this process, and over HTTP, beside appends by the raw client of an event with the
// same bytes: rates with 1 and 64 in flight, those of a bare express that appends as well, and what one command
// takes on streams of different lengths.
//   node dist/test/bench/commands/against-raw.js [--lengths 10,1000,100000] [--rounds 5] [--ms 1500] [--json file]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EventStoreDBClient, type JSONType, jsonEvent } from '@eventstore/db-client';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../../src/commands/handle.js';
import { isRejection } from '../../../src/domain/decider.js';
import { session } from '../../../src/domain/session.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import { connectDatabase } from '../../../src/queries/database.js';
import { keptThrough, openSnapshots } from '../../replay/support/snapshots.js';
import { ask } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import { request } from '../../support/requests.js';
import { idOf, textOf } from '../core/support/traffic.js';
import { writeMeasured } from '../harness/findings.js';
import { medianTimes, rateOf } from '../harness/turns.js';
import { startBareServer } from '../http/support/start-bare-server.js';
import { post } from '../queue/post.js';
import { median } from '../replay/support/median.js';
import { inTurn, type Sessions, writeSessionsOf } from './streams.js';

const { values } = parseArgs({
  options: {
    lengths: { type: 'string', default: '10,1000,100000' },
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '1500' },
    json: { type: 'string' },
  },
});
const lengths = values.lengths.split(',').map(Number);
const rounds = Number(values.rounds);
const ms = Number(values.ms);
/** Of commands one at a time on each length. */
const timesEach = rounds * 30;
const mostInFlight = 64;

const folder = await temporaryFolder();
const bare = await startSharedStores(join(folder, 'bare'));
const own = await startSharedStores(join(folder, 'own'));
const program = await startProgram(folder, own.settings);
const express = await startBareServer(bare.settings);
const raw = EventStoreDBClient.connectionString(bare.eventStoreUrl);
const store = connectEventStore(bare.eventStoreUrl);
const ownStore = connectEventStore(own.eventStoreUrl);
const streams = withLineage(store);
const database = await connectDatabase(bare.mongoUrl, 'forkline');
// As the program has them: what is not in memory is loaded from the nearest one.
const snapshots = await openSnapshots(database.db, streams);
const handle = commandHandler(streams, session, { snapshots });

const content = textOf(7);
const inProcess = async (id: string) => {
  const message = { messageId: newId(), role: 'user', content, metadata: {} };
  // As over HTTP, where the server makes the id.
  const command = { type: 'PostMessage', isNew: true, ...message };
  const done = await handle(id, [command as never], request());
  if (isRejection(done)) throw new Error(String(done.rejected));
};
const overHttpTo =
  ({ url }: Readonly<{ url: string }>) =>
  (id: string) =>
    post(url, `/v1/sessions/${id}/messages`, { role: 'user', content });

console.error('writing streams …');
const written = { bare: [] as Sessions[], own: [] as Sessions[] };
for (const length of lengths) {
  const { ids } = await writeSessionsOf(streams, length);
  written.bare.push({ length, ids });
  for (const id of ids) await keptThrough(snapshots, `session-${id}`, length - 1);
  written.own.push(await writeSessionsOf(withLineage(ownStore), length));
}
const begun = {
  type: 'CreateSession',
  userId: 'ann',
  title: 'x',
  mode: 'interactive',
  metadata: {},
};
/** As many short ones as are ever appended to at once. */
const beginSessions = async (): Promise<readonly string[]> => {
  const ids = Array.from({ length: mostInFlight }, () => newId());
  for (const id of ids) {
    await handle(id, [begun as never], request());
    await inProcess(id);
  }
  return ids;
};
const [first] = await beginSessions();
const theirs: string[] = [];
for (let n = 0; n < mostInFlight; n++)
  theirs.push((await post<{ id: string }>(program.url, '/v1/sessions', { title: `${n}` })).id);
const newest = await ownStore.head();
console.error('waiting for the read models …');
const caughtUp = async (): Promise<void> => {
  const path = `/v1/streams/session-${theirs[0]}/lineage?after=${newest}`;
  await ask(program.url, path).catch(caughtUp);
};
await caughtUp();

/** An event as a command adds it, for the raw client to append with the same bytes. */
const modelOf = async () => {
  const found = [];
  // Read to its end: the client waits for reads that were left.
  const options = { fromRevision: 1n, maxCount: 1 };
  for await (const { event } of raw.readStream(`session-${first}`, options)) found.push(event);
  const [event] = found;
  if (!event) throw new Error('there is no event');
  return event;
};
const { type, data, metadata } = await modelOf();
const append = (stream: string) =>
  raw.appendToStream(
    stream,
    jsonEvent({ type, data: data as JSONType, metadata: metadata as JSONType }),
  );

console.error('commands one at a time …');
const sides = { raw: append, 'in process': inProcess, 'over HTTP': overHttpTo(program) } as const;
const ids = (side: string, sessions: number, round: number): string =>
  side === 'raw'
    ? `raw-${lengths[sessions]}-${round % 40}`
    : inTurn((side === 'over HTTP' ? written.own : written.bare)[sessions] as Sessions, round);
const measured = Object.entries(sides).flatMap(([side, one]) =>
  lengths.map((_, at) => ({ what: side, run: (round: number) => one(ids(side, at, round)) })),
);
const medians = await medianTimes(measured, timesEach, 45);
const oneAtATime = Object.keys(sides).map((what, n) => ({
  what,
  medians: medians.slice(n * lengths.length, (n + 1) * lengths.length),
}));

const named = (name: string) => theirs.map((_, n) => idOf(`${name} ${n}`));
// Each with streams of its own. Those in this process are new ones each time: nobody makes snapshots here, which
// those of the program that outgrow its memory are loaded from.
const inFlightSides = {
  raw: { one: append, streams: async () => named('raw') },
  'in process': { one: inProcess, streams: beginSessions },
  'over HTTP': { one: overHttpTo(program), streams: async () => theirs },
  'bare express': { one: overHttpTo(express), streams: async () => named('bare') },
};
const turnOf = async (side: keyof typeof inFlightSides, inFlight: number, turnMs: number) => {
  const { one, streams } = inFlightSides[side];
  const to = await streams();
  return rateOf(inFlight, turnMs, (n) => one(to[n] ?? ''));
};
const names = Object.keys(inFlightSides) as readonly (keyof typeof inFlightSides)[];
// By then all code is compiled.
for (const side of names) await turnOf(side, mostInFlight, 3 * ms);
const rates = [];
for (const inFlight of [1, mostInFlight]) {
  console.error(`${inFlight} in flight …`);
  const took: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round++)
    for (const side of names) {
      const rate = await turnOf(side, inFlight, ms);
      // The first round warms up.
      took[side] = round > 0 ? [...(took[side] ?? []), rate] : [];
    }
  const { raw: bareRates = [], ...others } = took;
  const ratio = (all: readonly number[]) =>
    median(all.map((rate, n) => rate / (bareRates[n] ?? Number.NaN)));
  const medianOf = ([what, all]: [string, number[]]) => [what, median(all)];
  rates.push({
    inFlight,
    perSecond: Object.fromEntries(Object.entries(took).map(medianOf)),
    ratios: Object.fromEntries(Object.entries(others).map(([what, all]) => [what, ratio(all)])),
  });
}
await writeMeasured(values.json, { lengths, oneAtATime, rates });
console.table(oneAtATime.map(({ what, medians }) => ({ what, ...medians })));
console.table(rates.map(({ inFlight, perSecond }) => ({ inFlight, ...perSecond })));
console.table(rates.map(({ inFlight, ratios }) => ({ inFlight, ...ratios })));

await snapshots.keeper.stop();
await Promise.all([raw.dispose(), store.close(), ownStore.close(), database.close()]);
await Promise.all([program.stop(), express.stop()]);
await Promise.all([own.stop(), bare.stop()]);
await removeFolder(folder);
