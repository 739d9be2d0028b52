import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { tellManyFilters } from '../../feed/support/many-filters.js';

// Whether each of many clients with different filters is told exactly what it is to be told, while events
// come at a given rate; the program, its stores, the writer and the clients are processes of their own.
// node dist/test/bench/feed/many-filters.js [--clients 1000] [--requests 15000] [--rate 500] [--together 1]

const { values: asked } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '15000' },
    /** Events a second; 0 for as many as can be. */
    rate: { type: 'string', default: '500' },
    /** How many tasks every third request submits. */
    together: { type: 'string', default: '1' },
  },
});

// The time a process has used is told in ticks of 10 ms, in the fields 14 and 15 of what Linux says of it.
const cpuOf = async (pid: number): Promise<number> => {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const load = {
  clients: Number(asked.clients),
  requests: Number(asked.requests),
  perSecond: Number(asked.rate),
  tasksTogether: Number(asked.together),
};
const { clients, idle, events, wroteMs, toldMs, cpuMs } = await tellManyFilters(load, cpuOf);
const isExact = clients.filter(
  ({ expected, heard }) => !heard.closed && expected.join() === heard.positions.join(),
);
const deliveries = clients.reduce((sum, { heard }) => sum + heard.positions.length, 0);
const row = {
  ...{ clients: clients.length, 'told exactly': isExact.length, events, deliveries },
  'written a second': Math.round((events / wroteMs) * 1_000),
  'told a second': Math.round((events / toldMs) * 1_000),
  seconds: Number((toldMs / 1_000).toFixed(1)),
  'ms of CPU an event': Number((cpuMs / events).toFixed(2)),
  'never reads': { ...idle.heard.closed, told: idle.heard.positions.length },
};
process.stdout.write(`${JSON.stringify(row)}\n`);
process.exitCode = isExact.length === clients.length && idle.heard.closed?.code === 4008 ? 0 : 1;
