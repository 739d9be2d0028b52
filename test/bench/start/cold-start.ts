// How long the program takes from nothing until it says that it is ready, with so many events stored, and
// what memory it takes while nobody asks anything of it. Its stores are embedded, as they are by default.
//   node dist/test/bench/start/cold-start.js [--events 100000] [--rounds 7] [--idle 15] [--json file]
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import { ask } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import { idOf, writeSession } from '../core/support/traffic.js';
import { writeMeasured } from '../harness/findings.js';
import { median } from '../replay/support/median.js';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '7' },
    /** Seconds between the start and the look at its memory. */
    idle: { type: 'string', default: '15' },
    json: { type: 'string' },
  },
});
const events = Number(values.events);
const sessionLength = Math.min(500, events);

/** Fills a folder with events, and the read models with what comes of them. */
const fill = async (folder: string): Promise<void> => {
  const stores = await startSharedStores(folder);
  const store = connectEventStore(stores.eventStoreUrl);
  const ids = Array.from({ length: events / sessionLength }, (_, n) =>
    idOf(`start ${n}`, n * sessionLength),
  );
  for (const id of ids)
    await writeSession(withLineage(store), id, sessionLength - 1, sessionLength);
  const program = await startProgram(folder, stores.settings);
  const newest = await store.head();
  const caughtUp = async (): Promise<void> => {
    const path = `/v1/streams/session-${ids[0]}/lineage?after=${newest}`;
    await ask(program.url, path).catch(caughtUp);
  };
  await caughtUp();
  await store.close();
  await program.stop();
  await stores.stop();
};

const patienceMs = 30_000;

/** Until it answers that it is ready, which is after it has said that it listens. */
const untilReady = async (url: string): Promise<void> => {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await fetch(`${url}/readyz`)).ok) {
    if (performance.now() > giveUpAt) throw new Error('the program is not ready in time');
    await delay(5);
  }
};

/** What `/proc` says of a process, in MiB. Pages of files that are mapped can be given back at any time. */
const memoryOf = async (pid: number) => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const of = (name: string) =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
  return { resident: of('VmRSS'), own: of('RssAnon'), ofFiles: of('RssFile') };
};

const folder = await temporaryFolder();
await fill(folder);
console.error(`${events} events are stored`);
const times: number[] = [];
let memory = await memoryOf(process.pid);
for (let round = 0; round <= Number(values.rounds); round++) {
  const began = performance.now();
  const program = await startProgram(folder);
  await untilReady(program.url);
  const took = performance.now() - began;
  // The first start reads the program's files from the disk.
  if (round > 0) times.push(took);
  if (round === Number(values.rounds)) {
    await delay(Number(values.idle) * 1_000);
    memory = await memoryOf(program.process.pid ?? 0);
  }
  await program.stop();
  console.error(`ready after ${Math.round(took)} ms`);
}
const empty = join(folder, 'empty');
const program = await startProgram(empty);
await untilReady(program.url);
await delay(Number(values.idle) * 1_000);
const memoryEmpty = await memoryOf(program.process.pid ?? 0);
await program.stop();
await removeFolder(folder);
const measured = { events, medianMs: median(times), times, memory, memoryEmpty };
await writeMeasured(values.json, measured);
console.log(JSON.stringify(measured, undefined, 2));
