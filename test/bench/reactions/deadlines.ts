import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import { commandHandler } from '../../../src/commands/handle.js';
import { interrupt } from '../../../src/domain/interrupt.js';
import { task } from '../../../src/domain/task.js';
import { startRunner } from '../../../src/projecting/runner.js';
import { collectionsOf } from '../../../src/queries/collections.js';
import { listDue } from '../../../src/queries/deadlines.js';
import { startDeadlines } from '../../../src/reactions/deadlines.js';
import { startTestStores } from '../../projecting/support/stores.js';
import { raised } from '../../support/interrupt-facts.js';
import { request } from '../../support/requests.js';

// What deadlines cost: looking for what is due beside nothing and beside 100,000 that are pending, and
// passing 1,000 that are due at once. Times depend on the machine; the ratio does not.

const pending = 100_000;
const looks = 2_000;
const due = 1_000;
const past = '2026-01-01T00:00:00.000Z';

const stores = await startTestStores();
const { store, streams, db } = stores;
const log = pino({ level: 'silent' });
const runner = await startRunner({ store, streams, db, projections, log });
const collections = collectionsOf(db);

/** Milliseconds that a look takes, the fastest of a few rounds. */
const look = async (): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let n = 0; n < looks / 5; n++) await listDue(collections, past, 500);
    best = Math.min(best, (performance.now() - start) / (looks / 5));
  }
  return best;
};

await look();
const empty = await look();
const documents = Array.from({ length: pending }, (_, n) => {
  const stream = `interrupt-pending-${n}`;
  const dueAt = new Date(Date.parse('2030-01-01') + n).toISOString();
  return { _id: stream, stream, kind: 'interrupt' as const, dueAt, revision: 0, position: 0 };
});
for (let n = 0; n < pending; n += 5_000)
  await collections.deadlines.insertMany(documents.slice(n, n + 5_000));
const full = await look();

const interrupts = commandHandler(streams, interrupt);
const ids = Array.from({ length: due }, (_, n) => `due-${n}`);
let last = 0;
for (let n = 0; n < due; n += 100)
  await Promise.all(
    ids.slice(n, n + 100).map(async (id) => {
      const command = { ...raised.data, type: 'RaiseInterrupt', expiresAt: past } as const;
      const outcome = await interrupts(id, [command], request());
      if ('position' in outcome) last = Math.max(last, outcome.position);
    }),
  );
await runner.progress('deadlines').reached(last, 60_000);
const cpu = process.cpuUsage();
const start = performance.now();
const node = startDeadlines({
  // As a node has them that never saw these interrupts.
  ...{ interrupts: commandHandler(streams, interrupt), tasks: commandHandler(streams, task) },
  ...{ collections, log, clock: { now: () => Date.parse(past) } },
});
let expired = 0;
for await (const { type } of store.subscribe('start'))
  if (type === 'InterruptExpired' && ++expired === due) break;
const passing = performance.now() - start;
const used = process.cpuUsage(cpu);

await node.stop();
await runner.stop();
await stores.close();
console.table({
  'a look beside nothing, ms': empty.toFixed(3),
  'a look beside 100,000 pending, ms': full.toFixed(3),
  ratio: (full / empty).toFixed(2),
  '1,000 due at once, ms': passing.toFixed(0),
  'processor time of that, ms': ((used.user + used.system) / 1_000).toFixed(0),
});
