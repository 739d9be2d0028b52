import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { svgOf } from './chart.js';
import type { Results } from './run-all.js';

/** Writes the figures of a run as `results.json`, and a chart of each comparison beside it. */
export const writeResults = async (results: Results, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  for (const { name, findings } of results.comparisons)
    if (findings) await writeFile(join(folder, `${name}.svg`), svgOf(findings.chart));
};
