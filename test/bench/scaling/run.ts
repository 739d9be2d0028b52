// How the cost of each basic operation grows with what there is. Build, then
//   node dist/test/bench/scaling/run.js [--upto 1000000] [--rounds 101] [--only events,streams,forks,claims,feed,disk] [--json file]
// Sizes are powers of ten from 1,000 on and run beside one another, in turns: a ratio says how much
// more an operation costs than at the smallest size, whatever else the machine does. Claims, the feed and
// the disk are measured by benches of their own, which this one runs at the same sizes.
import { parseArgs } from 'node:util';
import { shown, writeMeasured } from '../harness/findings.js';
import { thisMachine } from '../harness/machine.js';
import { runPart } from '../harness/run-part.js';
import { markdownOf } from '../harness/table.js';
import { forkGrowth } from './fork-growth.js';
import { type Growth, powersOfTen } from './growth.js';
import { storeGrowth } from './store-growth.js';

const { values } = parseArgs({
  options: {
    upto: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '101' },
    only: { type: 'string', default: 'events,streams,forks,claims,feed,disk' },
    json: { type: 'string' },
  },
});
const upto = Number(values.upto);
const rounds = Number(values.rounds);
const smallest = 1_000;
const sizes = powersOfTen(smallest, upto);
const depths = [1, 10, 100];
const mostClients = 5_000;
const machine = thisMachine();
const tell = (line: string) => console.error(line);

/** Runs a bench that prints its own figures. */
const joined = async (script: string, ...args: readonly string[]): Promise<void> => {
  console.log(`\n${script} ${args.join(' ')}`);
  const part = { script, args, minutes: 60, measured: 'lines' as const };
  await runPart(part, (line) => console.log(line), AbortSignal.timeout(60 * 60_000));
};

const parts: Readonly<Record<string, () => Promise<readonly Growth[]>>> = {
  events: () => storeGrowth('events in 10 streams', sizes, rounds, tell),
  streams: () => storeGrowth('events in streams of 10', sizes, rounds, tell),
  forks: () => forkGrowth(powersOfTen(10, upto / 100), depths, rounds, tell),
  claims: async () => {
    const waiting = [smallest, upto].map(String);
    await joined('queue/claim-cost.js', ...waiting, '--model');
    return [];
  },
  feed: async () => {
    const clients = powersOfTen(10, Math.min(mostClients, upto / 100)).join(',');
    await joined(
      'feed/fan-out.js',
      '--clients',
      clients,
      '--shapes',
      'singles',
      '--peers',
      'plain',
    );
    return [];
  },
  disk: async () => {
    await joined('storage/bytes-per-step.js', '--steps', `${Math.min(10_000, upto / 100)}`);
    return [];
  },
};

const tableOf = (against: string, rows: readonly Growth[]) => ({
  title: against,
  columns: [against, ...(rows[0]?.sizes ?? []).map((size) => size.toLocaleString('en-US'))],
  rows: rows.map(({ what, ms, ratios }) => [
    what,
    ...ms.map((each, n) => `${shown(each)} (×${shown(ratios[n] ?? Number.NaN)})`),
  ]),
});

const found: Growth[] = [];
for (const name of values.only.split(',')) {
  const part = parts[name];
  if (!part) throw new Error(`there is no ${name}`);
  const rows = await part();
  found.push(...rows);
  for (const against of new Set(rows.map((row) => row.against)))
    console.log(
      `\n${markdownOf(
        tableOf(
          against,
          rows.filter((row) => row.against === against),
        ),
      )}`,
    );
}
await writeMeasured(values.json, { machine, rounds, found });
