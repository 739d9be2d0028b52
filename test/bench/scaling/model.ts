// What traffic needs, and how it waits: reckoned from the costs in costs.ts, and simulated. Build, then
//   node dist/test/bench/scaling/model.js --agents 10000 --nodes 8
//     [--steps 0.5] [--commands 2] [--events 2] [--reads 1] [--tasks 0.1] [--clients 1]
//     [--folding 1] [--simulated 200000] [--seed 1]
// All but --agents, --nodes and --folding are of one agent: a second, or a step. Without --nodes there
// are as many as are needed.
import { parseArgs } from 'node:util';
import { shown } from '../harness/findings.js';
import { markdownOf } from '../harness/table.js';
import { type Cost, costs } from './costs.js';
import { simulate } from './simulate.js';
import { anAgent, busiest, limitsOf, loadOf, neededFor } from './sizing.js';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '100' },
    nodes: { type: 'string' },
    folding: { type: 'string', default: '1' },
    steps: { type: 'string', default: `${anAgent.stepsPerSecond}` },
    commands: { type: 'string', default: `${anAgent.commandsPerStep}` },
    events: { type: 'string', default: `${anAgent.eventsPerStep}` },
    reads: { type: 'string', default: `${anAgent.readsPerStep}` },
    tasks: { type: 'string', default: `${anAgent.tasksPerStep}` },
    clients: { type: 'string', default: `${anAgent.clientsPerSession}` },
    simulated: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
  },
});
const traffic = {
  agents: Number(values.agents),
  stepsPerSecond: Number(values.steps),
  commandsPerStep: Number(values.commands),
  eventsPerStep: Number(values.events),
  readsPerStep: Number(values.reads),
  tasksPerStep: Number(values.tasks),
  clientsPerSession: Number(values.clients),
};
const table = (title: string, columns: readonly string[], rows: readonly (string | number)[][]) =>
  console.log(`\n${title}\n\n${markdownOf({ title, columns, rows })}`);

table(
  'What it reckons with',
  ['', 'figure', 'unit', 'from'],
  Object.values<Cost>(costs).map(({ what, figure, unit, from }) => [what, figure, unit, from]),
);
const load = loadOf(traffic, costs);
table(`Load of ${traffic.agents.toLocaleString('en-US')} agents`, ['', ''], Object.entries(load));
const needed = neededFor(load, costs);
table(`Needed, at ${busiest * 100} % of each part at most`, ['', ''], Object.entries(needed));
table(
  'What breaks, in this order',
  ['', 'agents', 'events a second'],
  limitsOf(traffic, costs).map(({ part, agents, eventsPerSecond }) => [
    ...[part, agents, eventsPerSecond],
  ]),
);

const nodes = Number(values.nodes ?? needed.servingNodes);
if (!Number.isFinite(nodes))
  console.log('\nEvery node hears every event, and that alone is more than a node can do.');
else {
  // Whatever else a node does makes its commands slower, as if they cost that much more.
  const perNode = load.servingCores + nodes * load.followingCores;
  const commandMs = (perNode / load.commandsPerSecond) * 1_000;
  const { commands, latency, lag, busy } = simulate(
    {
      ...{ commandsPerSecond: load.commandsPerSecond, nodes, commandMs, service: 'exponential' },
      eventsPerCommand: 1,
      store: {
        ...{ batchMs: costs.flushMs.figure, eachMs: 1_000 / costs.eventStoreLimit.figure },
        ...{ most: 1_000, gatherMs: 0 },
      },
      folding: {
        ...{
          batchMs: costs.foldBatchMs.figure,
          eachMs: costs.foldMs.figure + costs.followMs.figure,
        },
        ...{ most: 1_000, gatherMs: 100 },
      },
      foldingNodes: Number(values.folding),
    },
    Number(values.simulated),
    Number(values.seed),
  );
  table(
    `Simulated: ${commands.toLocaleString('en-US')} commands, ${nodes} serving nodes ${shown(busy * 100)} % busy, ${values.folding} folding`,
    ['ms', 'mean', 'p50', 'p95', 'p99'],
    Object.entries({ 'answered after': latency, 'in the read models after': lag }).map(
      ([what, { mean, p50, p95, p99 }]) => [what, mean, p50, p95, p99],
    ),
  );
  if (load.foldingCores + load.followingCores > Number(values.folding))
    console.log('More events come than are folded: the lag grows for as long as that goes on.');
}
