// Tasks that do nothing, submitted, carried out by workers and completed, all of it on disk, beside BullMQ
// over a Redis with `appendfsync always` and pg-boss over PostgreSQL, and three appends a task, in turns: how
// many a second with so many under way, and how long one takes from its submission on while so many a second
// are submitted.
//   node dist/test/bench/queue/against-peers.js [--in-flight 1,10,100] [--rates 100,500] [--rounds 3]
//     [--ms 2000] [--warm-up 5000] [--json file]
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { v4 as newId } from 'uuid';
import { writeMeasured } from '../harness/findings.js';
import { rateOf } from '../harness/turns.js';
import { startBullMq } from '../peers/bullmq.js';
import { startPgBoss } from '../peers/pg-boss.js';
import type { TaskSystem } from '../peers/task-system.js';
import { median } from '../replay/support/median.js';
import { startForklineTasks } from './forkline-tasks.js';
import { percentile } from './support.js';
import { startThreeAppends } from './three-appends.js';

const { values } = parseArgs({
  options: {
    'in-flight': { type: 'string', default: '1,10,100' },
    rates: { type: 'string', default: '100,500' },
    rounds: { type: 'string', default: '3' },
    ms: { type: 'string', default: '2000' },
    /** Tasks that each system carries out before any counts: by then all code is compiled. */
    'warm-up': { type: 'string', default: '5000' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const warmUpInFlight = 10;
const mostWarmUpMs = 20_000;
const workersForRates = 32;
const patienceMs = 30_000;
const tell = (line: string) => console.error(line);

/** Submits tasks and knows when each is completed. */
const tracked = async (system: TaskSystem, workers: number) => {
  const waiting = new Map<string, () => void>();
  const end = await system.work(workers, (id) => {
    waiting.get(id)?.();
    waiting.delete(id);
  });
  const one = async (): Promise<number> => {
    const id = newId();
    const began = performance.now();
    const completed = new Promise<void>((resolve) => waiting.set(id, resolve));
    await system.submit(id);
    await completed;
    return performance.now() - began;
  };
  return { one, end, isIdle: () => waiting.size === 0 };
};

/** Tasks a second with so many submitters, each of which waits until its task is completed. */
const perSecond = async (system: TaskSystem, inFlight: number): Promise<number> => {
  const { one, end } = await tracked(system, inFlight);
  // Workers are there and warm before the clock starts.
  await Promise.all(Array.from({ length: inFlight }, one));
  const rate = await rateOf(inFlight, ms, one);
  await end();
  return rate;
};

const warmUp = async (system: TaskSystem): Promise<void> => {
  const { one, end } = await tracked(system, warmUpInFlight);
  const began = performance.now();
  let left = Number(values['warm-up']);
  const submitter = async () => {
    for (; left > 0 && performance.now() - began < mostWarmUpMs; left--) await one();
  };
  await Promise.all(Array.from({ length: warmUpInFlight }, submitter));
  await end();
};

/** How long tasks take that are submitted evenly, whatever becomes of those before. */
const latencies = async (system: TaskSystem, rate: number): Promise<readonly number[]> => {
  const { one, end, isIdle } = await tracked(system, workersForRates);
  await Promise.all(Array.from({ length: workersForRates }, one));
  const times: number[] = [];
  const began = performance.now();
  const count = Math.round((rate * ms) / 1_000);
  for (let n = 0; n < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - began) * rate) / 1_000) + 1);
    for (; n < due; n++) void one().then((took) => times.push(took));
    await delay(1);
  }
  const giveUpAt = performance.now() + patienceMs;
  while (!isIdle() && performance.now() < giveUpAt) await delay(5);
  // Those that are not done by now took at least this long.
  const late = Array.from({ length: count - times.length }, () => performance.now() - began);
  await end();
  return [...times, ...late];
};

const systems: TaskSystem[] = [await startForklineTasks()];
const leftOut: string[] = [];
for (const start of [startBullMq, startPgBoss]) {
  const started = await start(tell);
  if (typeof started === 'string') leftOut.push(started);
  else systems.push(started);
}
systems.push(await startThreeAppends());
for (const system of systems) await warmUp(system);

const rates = [];
for (const inFlight of values['in-flight'].split(',').map(Number)) {
  const taken = systems.map((): number[] => []);
  for (let round = 0; round <= rounds; round++)
    for (const [at, system] of systems.entries()) {
      const rate = await perSecond(system, inFlight);
      // The first round warms up.
      if (round > 0) taken[at]?.push(rate);
    }
  const perSystem = systems.map(({ name }, at) => ({ name, perSecond: median(taken[at] ?? []) }));
  rates.push({ inFlight, systems: perSystem });
  tell(
    `${inFlight} in flight: ${perSystem.map((of) => `${of.name} ${of.perSecond.toFixed(0)}/s`).join(', ')}`,
  );
}
const latency = [];
for (const rate of values.rates.split(',').filter(Boolean).map(Number)) {
  const perSystem = [];
  for (const system of systems) {
    const times = await latencies(system, rate);
    perSystem.push({
      name: system.name,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
    });
  }
  latency.push({ rate, systems: perSystem });
  tell(
    `${rate} a second: ${perSystem.map((of) => `${of.name} ${of.p50.toFixed(1)} ms`).join(', ')}`,
  );
}
await writeMeasured(values.json, { rates, latency, leftOut });
for (const why of leftOut) console.log(`left out: ${why}`);
console.table(rates.flatMap(({ inFlight, systems }) => systems.map((of) => ({ inFlight, ...of }))));
console.table(latency.flatMap(({ rate, systems }) => systems.map((of) => ({ rate, ...of }))));
for (const { close } of systems) await close();
