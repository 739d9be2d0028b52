// Read models built from the first event on, all together and some of them alone, beside a raw subscription that
// only hands out the events, one that writes a small document of each, and one that writes the documents of all
// read models, computing nothing.
//   node dist/test/bench/core/projections.js [--scale 1] [--rounds 3] [--json file]
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import type { AnyProjection } from '../../../src/projecting/projection.js';
import { startRunner } from '../../../src/projecting/runner.js';
import { startTestStores, type TestStores } from '../../projecting/support/stores.js';
import { writeMeasured } from '../harness/findings.js';
import { atRest } from './support/at-rest.js';
import { copyAll, drain, writeCopies, writeSmall } from './support/drain.js';
import { writeExecutions, writeSessions } from './support/traffic.js';

const { values } = parseArgs({
  options: {
    /** How many times the usual events: 800 sessions of 51, 800 executions of 51. */
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const scaled = (count: number) => Math.max(1, Math.round(count * Number(values.scale)));
const log = pino({ level: 'silent' });

const build = async (
  { store, streams, database }: TestStores,
  name: string,
  built: readonly AnyProjection[],
): Promise<number> => {
  const head = await store.head();
  const start = performance.now();
  const runner = await startRunner({
    ...{ store, streams, db: database(name), projections: built, log },
  });
  await Promise.all(built.map((each) => runner.progress(each.name).reached(head, 600_000)));
  const ms = performance.now() - start;
  await runner.stop();
  return ms;
};

const compare = async (
  what: string,
  models: readonly string[],
  write: (stores: TestStores) => Promise<void>,
) => {
  const stores = await startTestStores();
  await write(stores);
  const { eventStoreUrl: url, database } = stores;
  const { events } = await drain(url);
  await build(stores, 'warm', projections);
  const copies = await copyAll(database('warm'));
  const documents = copies.reduce((sum, copied) => sum + copied.documents.length, 0);
  const turn = async (name: string) => {
    const rested = async <Result>(take: () => Promise<Result>): Promise<Result> => {
      await atRest();
      return take();
    };
    const { ms: raw } = await rested(() => drain(url));
    const { ms: small } = await rested(() => drain(url, writeSmall(database(`small-${name}`))));
    const { ms: copied } = await rested(() =>
      drain(url, writeCopies(database(`copied-${name}`), copies, events)),
    );
    const folded = await rested(() => build(stores, name, projections));
    const alone = [];
    for (const model of models) {
      const built = projections.filter((projection) => projection.name === model);
      alone.push({ model, ms: await rested(() => build(stores, `${model}-${name}`, built)) });
    }
    return { raw, small, copied, folded, alone };
  };
  await turn('warm-again');
  const rows = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const took = await turn(`round-${round}`);
    const perSecond = (ms: number) => Math.round((events / ms) * 1000);
    const beside = (ms: number, other: number) => Number((other / ms).toFixed(2));
    rows.push({
      ...{ what, events, 'documents/event': Number((documents / events).toFixed(2)) },
      'raw/s': perSecond(took.raw),
      'small/s': perSecond(took.small),
      'copied/s': perSecond(took.copied),
      'folded/s': perSecond(took.folded),
      ratio: beside(took.folded, took.raw),
      'small beside raw': beside(took.small, took.raw),
      'copied beside raw': beside(took.copied, took.raw),
      'beside copied': beside(took.folded, took.copied),
      alone: took.alone.map(({ model, ms }) => ({
        ...{ model, perSecond: perSecond(ms), ratio: beside(ms, took.raw) },
      })),
    });
    console.error(JSON.stringify(rows.at(-1)));
  }
  await stores.close();
  return rows;
};

const everywhere = ['streams', 'audit'];
const messages = await compare('messages', ['sessions', 'messages', ...everywhere], ({ streams }) =>
  writeSessions(streams, 's', scaled(800), 50),
);
const checkpoints = await compare(
  'checkpoints',
  ['executions', 'checkpoints', ...everywhere],
  ({ streams }) => writeExecutions(streams, 'e', scaled(800), 50),
);
const rows = [...messages, ...checkpoints];
await writeMeasured(values.json, rows);
console.table(rows.map(({ alone, ...row }) => row));
