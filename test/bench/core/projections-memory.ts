// The memory of a process that builds every read model, from the first of so many events on, in ten steps.
// The stores are a process of their own.
//   node dist/test/bench/core/projections-memory.js [--events 1000000] [--json file]
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import { startRunner } from '../../../src/projecting/runner.js';
import { connectStores } from '../../projecting/support/stores.js';
import { removeFolder, startSharedStores, temporaryFolder } from '../../support/program.js';
import { writeMeasured } from '../harness/findings.js';
import { idOf, writeSession } from './support/traffic.js';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, json: { type: 'string' } },
});
const events = Number(values.events);
const sessionLength = 1_000;
const samplesWanted = 10;
const patienceMs = 20 * 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const folder = await temporaryFolder();
const shared = await startSharedStores(folder);
const stores = await connectStores(shared.eventStoreUrl, shared.mongoUrl);
const { store, streams, db } = stores;
const began = performance.now();
/** The position at the end of each tenth. */
const milestones: number[] = [];
const sessions = Math.ceil(events / sessionLength);
for (let n = 0; n < sessions; n++) {
  await writeSession(
    streams,
    idOf(`memory ${n}`, n * sessionLength),
    sessionLength - 1,
    sessionLength,
  );
  if (((n + 1) * samplesWanted) % sessions < samplesWanted) milestones.push(await store.head());
}
const writtenIn = Math.round((performance.now() - began) / 1_000);
console.error(`${sessions * sessionLength} events written in ${writtenIn} s`);

const started = performance.now();
const log = pino({ level: 'silent' });
const runner = await startRunner({ store, streams, db, projections, log });
const samples = [];
for (const position of milestones) {
  await Promise.all(
    projections.map(({ name }) => runner.progress(name).reached(position, patienceMs)),
  );
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  const sample = { heapMiB: heapUsed / 1024 ** 2, residentMiB: rss / 1024 ** 2 };
  samples.push(sample);
  console.error(
    `${samples.length}/${milestones.length}: ${sample.heapMiB.toFixed(1)} MiB of heap, ${sample.residentMiB.toFixed(0)} resident`,
  );
}
const perSecond = (sessions * sessionLength * 1_000) / (performance.now() - started);
await runner.stop();
await stores.close();
await shared.stop();
await removeFolder(folder);
await writeMeasured(values.json, { events: sessions * sessionLength, perSecond, samples });
console.table(samples);
