// What time travel costs. Streams of different lengths beside one another: looking back and forking in
// the middle of each. A run of an agent beside the same run in LangGraph: forking, state, history, bytes.
// Build, then
//   node dist/test/bench/replay/run.js [--lengths 10,1000,100000,1000000] [--rounds 101] [--steps 1000]
//     [--without lengths|run|peers]... [--json file]
// LangGraph is installed into a cache folder at first use. A stream of 1,000,000 events takes a while.
import { parseArgs } from 'node:util';
import { writeMeasured } from '../harness/findings.js';
import { installPeer } from '../peers/install.js';
import { agentRun, type RunCost } from './agent-run.js';
import { type LengthCosts, lengthCosts } from './lengths.js';
import { inMemory, inSqlite, langGraph } from './peers/langgraph.js';

const { values } = parseArgs({
  options: {
    lengths: { type: 'string', default: '10,1000,100000,1000000' },
    rounds: { type: 'string', default: '101' },
    steps: { type: 'string', default: '1000' },
    without: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const steps = Number(values.steps);
const lengths = values.lengths.split(',').map(Number);
const isWanted = (part: string) => !values.without.includes(part);
/** What is compared with the longest: 1,000 events, or the one before it. */
const base = lengths.includes(1_000) ? lengths.indexOf(1_000) : Math.max(0, lengths.length - 2);
/** How much more it may take in the longest. */
const mostTimes = 1.5;
const mostBytes = 3 * 1024;

const tell = (line: string) => console.error(line);
let isDone = false;
// A run takes minutes. However it ends, it says so: also when a promise is never kept, or a signal comes.
process.on('exit', (code) => {
  if (!isDone) tell(`ended before everything was measured, with exit code ${code}`);
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => process.exit(code));
const ratioOf = (medians: readonly number[]) => (medians.at(-1) ?? 0) / (medians[base] ?? 1);

const showLengths = ({ costs, eventsOfAFork }: LengthCosts): void => {
  console.log('Median in ms in the middle of a stream of so many events, over HTTP');
  console.table(
    costs.map(({ what, medians }) => ({
      what,
      ...Object.fromEntries(
        medians.map((ms, at) => [lengths[at]?.toLocaleString('en-US'), ms.toFixed(2)]),
      ),
      times: ratioOf(medians).toFixed(2),
      '': ratioOf(medians) <= mostTimes ? '' : `more than ${mostTimes}`,
    })),
  );
  console.log(`A fork adds ${[...new Set(eventsOfAFork)].join(' or ')} event, on each of them.\n`);
};

const showRuns = (runs: readonly RunCost[], leftOut: readonly string[]): void => {
  console.log(
    `A run of ${steps} steps, each a message of 500 bytes and a checkpoint; medians in ms, bytes a step.\n` +
      'Forkline over HTTP between processes, LangGraph by calls within one.\n' +
      'Bytes: growth of the folders of both stores, search index and snapshots included; of SQLite its file;\n' +
      'in memory the serialized checkpoints.',
  );
  console.table(
    runs.map(({ what, fork, state, history, bytesPerStep, eventStore, mongodb }) => ({
      what,
      ...{ fork: fork.toFixed(2), state: state.toFixed(2), 'full history': history.toFixed(0) },
      'bytes a step': Math.round(bytesPerStep),
      'event store': eventStore === undefined ? '' : Math.round(eventStore),
      MongoDB: mongodb === undefined ? '' : Math.round(mongodb),
    })),
  );
  const [ours] = runs;
  if (ours && ours.bytesPerStep > mostBytes)
    console.log(`${Math.round(ours.bytesPerStep)} bytes a step are more than ${mostBytes}.`);
  for (const why of leftOut) console.log(`left out: ${why}`);
};

const ofLengths = isWanted('lengths') ? await lengthCosts(lengths, rounds, tell) : undefined;
const runs: RunCost[] = [];
const leftOut: string[] = [];
const measured = (run: RunCost) => {
  runs.push(run);
  const { what, fork, state, history, bytesPerStep } = run;
  const times = `fork ${fork.toFixed(1)} ms, state ${state.toFixed(1)} ms, history ${history.toFixed(0)} ms`;
  tell(`${what}: ${times}, ${Math.round(bytesPerStep)} bytes a step`);
};
if (isWanted('run')) {
  measured(await agentRun(steps, rounds, 'in the session'));
  measured(await agentRun(steps, rounds, 'in checkpoints too'));
}
if (isWanted('peers')) {
  const peer = await installPeer(langGraph, tell);
  if (typeof peer === 'string') leftOut.push(`LangGraph: ${peer}`);
  else {
    measured(await inMemory(peer, steps, rounds));
    const { 'better-sqlite3': missing } = peer.missing;
    if (missing === undefined) measured(await inSqlite(peer, steps, rounds));
    else leftOut.push(`LangGraph's SQLite: ${missing}`);
  }
}
await writeMeasured(values.json, { ...ofLengths, steps, rounds, runs, leftOut });
if (ofLengths) showLengths(ofLengths);
if (runs.length + leftOut.length > 0) showRuns(runs, leftOut);
isDone = true;
