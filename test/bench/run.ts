// Every comparison of the project with its peers and limits, one after the other:
//   npm run bench [-- --quick] [--only name]... [--out folder] [--write-docs]
// Prints a table of what is wanted and what was found, and leaves results.json and a chart of each in the
// folder (bench-results). `--write-docs` fills docs/benchmarks.md with them; with `--from results.json` it
// does so from an earlier run, of which `--only` replaces some comparisons by new ones. Exit code 1 when a comparison failed, not when a figure is not as wanted.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { comparisons } from './comparisons/all.js';
import type { Size } from './harness/comparison.js';
import { thisMachine } from './harness/machine.js';
import { type Results, runAll, withEarlier } from './harness/run-all.js';
import { show } from './harness/show.js';
import { writeDocs } from './harness/write-docs.js';
import { writeResults } from './harness/write-results.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'bench-results' },
    from: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
});
const unknown = values.only.filter((only) => !comparisons.some(({ name }) => name === only));
if (unknown.length > 0) {
  const names = comparisons.map(({ name }) => name).join(', ');
  console.error(`there is no ${unknown.join(', ')}; there are ${names}`);
  process.exit(2);
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interrupted.abort(new Error('interrupted')));

const measure = async (): Promise<Results> => {
  const machine = thisMachine();
  const size: Size = values.quick ? 'quick' : 'full';
  const wanted = comparisons.filter(
    ({ name }) => values.only.length === 0 || values.only.includes(name),
  );
  const tell = (line: string) => console.error(line);
  const run = { size, machine };
  const keep = (measured: Pick<Results, 'minutes' | 'comparisons'>) =>
    writeResults({ ...run, ...measured }, values.out);
  return { ...run, ...(await runAll(wanted, size, tell, keep, interrupted.signal)) };
};

const earlier =
  values.from === undefined
    ? undefined
    : (JSON.parse(await readFile(values.from, 'utf8')) as Results);
const results =
  earlier && values.only.length === 0 ? earlier : withEarlier(await measure(), earlier);
await writeResults(results, values.out);
for (const line of show(results)) console.log(line);
console.log(`\nThe figures are in ${join(values.out, 'results.json')}, the charts beside it.`);
if (values['write-docs']) {
  await writeDocs(results, comparisons, 'docs');
  console.log('docs/benchmarks.md says so too.');
}
process.exitCode = results.comparisons.some(({ failed }) => failed.length > 0) ? 1 : 0;
