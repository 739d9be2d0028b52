import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Comparison } from './comparison.js';
import type { Outcome, Results } from './run-all.js';
import { claimsTable, markdownOf } from './table.js';
import { writeResults } from './write-results.js';

const begin = '<!-- Results: written by npm run bench -- --write-docs -->';
const end = '<!-- End of results -->';

/**
 * Writes the results into `benchmarks.md` between its two marks, and figures and charts into the folder
 * `benchmarks` beside it.
 *
 * @throws when the page lacks the marks
 */
export const writeDocs = async (
  results: Results,
  comparisons: readonly Comparison[],
  docs: string,
): Promise<void> => {
  const page = join(docs, 'benchmarks.md');
  const text = await readFile(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for results`);
  const sections = comparisons.flatMap(({ name }) =>
    results.comparisons
      .filter((outcome) => outcome.name === name)
      .map((outcome) => sectionOf(outcome, comparisons)),
  );
  const filled = [begin, headOf(results), ...sections].join('\n\n');
  await writeFile(page, `${text.slice(0, from)}${filled}\n\n${text.slice(to)}`);
  await writeResults(results, join(docs, 'benchmarks'));
};

const headOf = ({ size, machine, minutes, runs = 1 }: Results): string => {
  const { cores, memoryGiB, node, system, loadBefore } = machine;
  return [
    ...(size === 'quick'
      ? ['**A quick run: it shows that the benches work, and no more.**', '']
      : []),
    `Measured in ${minutes} minutes${runs > 1 ? `, in ${runs} runs,` : ''} on ${cores} cores with ${memoryGiB} GiB of memory, ${system}, Node ${node}; ` +
      `the load average before was ${loadBefore}. All figures: [results.json](benchmarks/results.json).`,
  ].join('\n');
};

const sectionOf = (
  { name, title, findings, failed }: Outcome,
  comparisons: readonly Comparison[],
): string => {
  const method = comparisons.find((each) => each.name === name)?.method ?? '';
  const parts = [`### ${title}`, method];
  if (findings) {
    const { claims, tables, leftOut } = findings;
    if (claims.length > 0) parts.push(markdownOf(claimsTable(claims)));
    parts.push(`![${title}](benchmarks/${name}.svg)`);
    for (const table of tables) parts.push(`${table.title}:`, markdownOf(table));
    if (leftOut.length > 0) parts.push(leftOut.map((why) => `- Left out: ${why}`).join('\n'));
  }
  if (failed.length > 0)
    parts.push(failed.map((why) => `- Failed: ${why.split('\n')[0]}`).join('\n'));
  return parts.join('\n\n');
};
