// Every comparison of the project with its peers and limits, one after the other:
//   npm run bench [-- --quick] [--only name]... [--out folder] [--write-docs]
// Prints a table of what is wanted and what was found, and leaves results.json and a chart of each in the
// folder (bench-results). `--write-docs` fills docs/benchmarks.md with them; with `--from results.json` it
// does so from an earlier run, of which `--only` replaces some comparisons by new ones. Exit code 1 when a
// comparison failed, not when a figure is not as wanted, and 2 when it was asked for wrongly.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { comparisons } from './comparisons/all.js';
import type { Size } from './harness/comparison.js';
import { thisMachine } from './harness/machine.js';
import { type Results, runAll, withEarlier } from './harness/run-all.js';
import { show } from './harness/show.js';
import { writeDocs } from './harness/write-docs.js';
import { writeResults } from './harness/write-results.js';

type Flags = Readonly<{
  quick: boolean;
  only: readonly string[];
  out: string;
  from?: string;
  writeDocs: boolean;
}>;

const names = comparisons.map(({ name }) => name);
const flags = new Command('npm run bench --')
  .description('Compares Forkline with its peers and limits.')
  .option('--quick', 'little of everything, to see that it works: its figures say nothing', false)
  .addOption(new Option('--only <name...>', 'only these').choices(names).default([], 'all'))
  .option('--out <folder>', 'where figures and charts go', 'bench-results')
  .option('--from <file>', 'the figures of an earlier run, of which --only replaces some')
  .option('--write-docs', 'fill docs/benchmarks.md with them', false)
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Flags>();

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interrupted.abort(new Error('interrupted')));

const measure = async (): Promise<Results> => {
  const machine = thisMachine();
  const size: Size = flags.quick ? 'quick' : 'full';
  const wanted = comparisons.filter(
    ({ name }) => flags.only.length === 0 || flags.only.includes(name),
  );
  const tell = (line: string) => console.error(line);
  const run = { size, machine };
  const keep = (measured: Pick<Results, 'minutes' | 'comparisons'>) =>
    writeResults({ ...run, ...measured }, flags.out);
  return { ...run, ...(await runAll(wanted, size, tell, keep, interrupted.signal)) };
};

const earlier =
  flags.from === undefined
    ? undefined
    : (JSON.parse(await readFile(flags.from, 'utf8')) as Results);
const results =
  earlier && flags.only.length === 0 ? earlier : withEarlier(await measure(), earlier);
await writeResults(results, flags.out);
for (const line of show(results)) console.log(line);
console.log(`\nThe figures are in ${join(flags.out, 'results.json')}, the charts beside it.`);
if (flags.writeDocs) {
  await writeDocs(results, comparisons, 'docs');
  console.log('docs/benchmarks.md says so too.');
}
process.exitCode = results.comparisons.some(({ failed }) => failed.length > 0) ? 1 : 0;
