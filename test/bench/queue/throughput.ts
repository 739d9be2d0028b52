import { cpuTimes, percentile, requestsServed, startBench } from './support.js';
import { ways } from './ways.js';

/**
 * Tasks a second through submission, claim and completion, at 1, 10 and 100 in flight, or at those that
 * the arguments name, how many requests a task takes, and how much each process computes for it. By a
 * request each, unless told otherwise: with `--next` tasks are claimed with the completion of others, so
 * that one takes two requests, with `--client` everything goes through the client and its worker.
 * `--seconds=30` measures for longer than six seconds.
 */
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const way = process.argv.includes('--client')
  ? ways.client
  : process.argv.includes('--next')
    ? ways.next
    : ways.requests;
const lasting = process.argv.find((argument) => argument.startsWith('--seconds='));
const seconds = Number(lasting?.split('=')[1] ?? 6);
const warmUpSeconds = 2;

const bench = await startBench();
const rows = [];
for (const inFlight of named.length > 0 ? named.map(Number) : [1, 10, 100]) {
  const run = async (lasts: number): Promise<readonly number[]> => {
    const until = performance.now() + lasts * 1_000;
    const times: number[] = [];
    const isOver = () => performance.now() >= until;
    await way(bench.url, inFlight, isOver, (ms) => times.push(ms));
    return times;
  };
  await run(warmUpSeconds);
  const served = await requestsServed(bench);
  const before = await cpuTimes(bench);
  const began = performance.now();
  const times = await run(seconds);
  const took = performance.now() - began;
  const after = await cpuTimes(bench);
  const requests = (await requestsServed(bench)) - served;
  const cpu = Object.keys(after).map((name) => {
    const each = ((after[name] ?? 0) - (before[name] ?? 0)) / times.length;
    return [`${name} cpu ms`, Number(each.toFixed(2))];
  });
  rows.push({
    'in flight': inFlight,
    'tasks/s': Math.round((times.length / took) * 1_000),
    'median ms': Number(percentile(times, 0.5).toFixed(2)),
    'p99 ms': Number(percentile(times, 0.99).toFixed(2)),
    'requests a task': Number((requests / times.length).toFixed(2)),
    ...Object.fromEntries(cpu),
  });
}
await bench.stop();
console.table(rows);
