// How fast the snapshots of streams are made that were filled before any was. Build, then
//   node dist/test/bench/scaling/snapshot-rate.js [--streams 1] [--events 100000] [--rounds 2] [--beside folder]
// `--beside` names the folder `dist` of another build, with which this one takes turns: the ratio of their
// processor time says more than the rates do, which are as good as the disk and the machine are idle.
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { markdownOf } from '../harness/table.js';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '1' },
    events: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '2' },
    beside: { type: 'string' },
    /** Measures one build once: what the turns are made of. */
    once: { type: 'string' },
  },
});
const streams = Number(values.streams);
const events = Number(values.events);
const eventsAtOnce = 1_000;

type Measured = Readonly<{ perSecond: number; cpuMicroseconds: number }>;

/** Fills streams and makes their snapshots with the modules of a build. */
const once = async (dist: string): Promise<Measured> => {
  const of = (path: string) => import(pathToFileURL(join(dist, path)).href);
  const { startTestStores }: typeof import('../../projecting/support/stores.js') = await of(
    'test/projecting/support/stores.js',
  );
  const { openSnapshots }: typeof import('../../replay/support/snapshots.js') = await of(
    'test/replay/support/snapshots.js',
  );
  const { idOf, writeSession }: typeof import('../core/support/traffic.js') = await of(
    'test/bench/core/support/traffic.js',
  );
  const stores = await startTestStores();
  const { keeper } = await openSnapshots(stores.db, stores.streams);
  const ids = Array.from({ length: streams }, (_, n) => idOf(`session ${n}`, n * events));
  for (const id of ids) await writeSession(stores.streams, id, events - 1, eventsAtOnce);
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  for (const id of ids) keeper.missed(`session-${id}`, events - 1);
  await keeper.settled();
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await keeper.stop();
  await stores.close();
  const all = streams * events;
  return { perSecond: all / seconds, cpuMicroseconds: (user + system) / all };
};

if (values.once !== undefined) console.log(JSON.stringify(await once(values.once)));
else {
  const own = fileURLToPath(new URL('../../../', import.meta.url));
  const builds = [...(values.beside === undefined ? [] : [resolve(values.beside)]), own];
  const rows: string[][] = [];
  for (let round = 0; round < Number(values.rounds); round++)
    for (const dist of round % 2 === 0 ? builds : builds.toReversed()) {
      const args = ['--once', dist, '--streams', values.streams, '--events', values.events];
      const script = fileURLToPath(import.meta.url);
      const { stdout } = await promisify(execFile)(process.execPath, [script, ...args]);
      const { perSecond, cpuMicroseconds }: Measured = JSON.parse(stdout);
      const name = dist === own ? 'this build' : 'the other';
      rows.push([name, Math.round(perSecond).toLocaleString('en-US'), cpuMicroseconds.toFixed(0)]);
    }
  const columns = ['build', 'events a second', 'CPU µs an event'];
  console.log(markdownOf({ title: 'snapshots', columns, rows }));
}
