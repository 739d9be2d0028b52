import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import { startRunner } from '../../../src/projecting/runner.js';
import { startTestStores } from '../../projecting/support/stores.js';
import { writeExecutions, writeSessions } from './support/traffic.js';

// What the audit costs the read models: all of them built from the same events with it and without, in turns.
// node dist/test/bench/core/audit-cost.js [sessions] [turns]

const sessions = Number(process.argv[2] ?? 100);
const turns = Number(process.argv[3] ?? 5);
const log = pino({ level: 'silent' });
const stores = await startTestStores();
const { store, streams } = stores;

await writeSessions(streams, 's', sessions, 50);
await writeExecutions(streams, 'e', sessions / 5, 50);
const head = await store.head();

const build = async (name: string, withAudit: boolean): Promise<number> => {
  const db = stores.database(name);
  const built = projections.filter((each) => withAudit || each.name !== 'audit');
  const start = performance.now();
  const runner = await startRunner({ store, streams, db, projections: built, log });
  await Promise.all(built.map((each) => runner.progress(each.name).reached(head, 600_000)));
  const ms = performance.now() - start;
  await runner.stop();
  await db.dropDatabase();
  return ms;
};

const ratios: number[] = [];
for (let turn = 0; turn < turns; turn++) {
  const without = await build(`without-${turn}`, false);
  const withIt = await build(`with-${turn}`, true);
  ratios.push(withIt / without);
  console.log(`turn ${turn + 1}: ${without.toFixed(0)} ms without, ${withIt.toFixed(0)} ms with`);
}
ratios.sort((a, b) => a - b);
console.log(`building every read model takes ${ratios[turns >> 1]?.toFixed(2)} times as long`);
await stores.close();
