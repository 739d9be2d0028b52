// Every read model built from the first event on, beside a raw subscription that only hands out the events.
//   node dist/test/bench/core/projections.js [--scale 1] [--rounds 3] [--json file]
import { parseArgs } from 'node:util';
import { EventStoreDBClient, eventTypeFilter, START } from '@eventstore/db-client';
import { pino } from 'pino';
import { projections } from '../../../projections/index.js';
import { startRunner } from '../../../src/projecting/runner.js';
import { startTestStores, type TestStores } from '../../projecting/support/stores.js';
import { writeMeasured } from '../harness/findings.js';
import { writeExecutions, writeSessions } from './support/traffic.js';

const { values } = parseArgs({
  options: {
    /** How many times the usual events: 200 sessions of 51, 40 executions of 51. */
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const scaled = (count: number) => Math.max(1, Math.round(count * Number(values.scale)));
const log = pino({ level: 'silent' });

/** Milliseconds that the client needs to hand out every event there is, and how many there are. */
const drain = async (url: string): Promise<{ ms: number; events: number }> => {
  const client = EventStoreDBClient.connectionString(url);
  const start = performance.now();
  const subscription = client.subscribeToAll({
    fromPosition: START,
    filter: eventTypeFilter({ regex: '^[^$]', checkpointInterval: 32 }),
  });
  let events = 0;
  subscription.on('caughtUp', () => subscription.push('end'));
  for await (const item of subscription) {
    if ((item as unknown) === 'end') break;
    events += 1;
  }
  const ms = performance.now() - start;
  await client.dispose();
  return { ms, events };
};

const project = async (stores: TestStores, name: string): Promise<number> => {
  const { store, streams } = stores;
  const head = await store.head();
  const start = performance.now();
  const runner = await startRunner({
    ...{ store, db: stores.database(name), projections, log },
    streams,
  });
  await runner.progress('sessions').reached(head, 600_000);
  const ms = performance.now() - start;
  await runner.stop();
  return ms;
};

const compare = async (what: string, write: (stores: TestStores) => Promise<void>) => {
  const stores = await startTestStores();
  await write(stores);
  await drain(stores.eventStoreUrl);
  await project(stores, 'warm');
  const rows = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const drained = await drain(stores.eventStoreUrl);
    const ms = await project(stores, `round-${round}`);
    rows.push({
      what,
      events: drained.events,
      'raw/s': Math.round((drained.events / drained.ms) * 1000),
      'folded/s': Math.round((drained.events / ms) * 1000),
      ratio: Number((drained.ms / ms).toFixed(2)),
    });
  }
  await stores.close();
  return rows;
};

const messages = await compare('messages', ({ streams }) =>
  writeSessions(streams, 's', scaled(200), 50),
);
const checkpoints = await compare('checkpoints', ({ streams }) =>
  writeExecutions(streams, 'e', scaled(40), 50),
);
const rows = [...messages, ...checkpoints];
await writeMeasured(values.json, rows);
console.table(rows);
