import { claimFrom, fill, lengthen, percentile, startBench } from './support.js';

/**
 * What a claim costs with more and more tasks ready: one at a time over HTTP, the median of 200.
 * The numbers of ready tasks are the arguments, 1,000 and 100,000 by default. With `--model` only the
 * first 1,000 are submitted, and the others are there in the read model alone.
 */
const modelOnly = process.argv.includes('--model');
const sizes = process.argv
  .slice(2)
  .filter((given) => given !== '--model')
  .map(Number);
const submitted = 1_000;
const claims = 200;
const rows: Record<string, number>[] = [];
for (const size of sizes.length > 0 ? sizes : [1_000, 100_000]) {
  const bench = await startBench();
  const began = performance.now();
  // Connections and code are warm before anything is measured.
  await fill(bench, 'warm', 300);
  for (let n = 0; n < 300; n += 1) await claimFrom(bench.url, 'warm');
  await fill(bench, 'mail', modelOnly ? Math.min(size, submitted) : size);
  if (modelOnly) await lengthen(bench, 'mail', size - submitted);
  const filled = performance.now();
  await claimFrom(bench.url, 'mail');
  const first = performance.now() - filled;
  const times: number[] = [];
  for (let n = 0; n < claims; n += 1) {
    const asked = performance.now();
    const items = await claimFrom(bench.url, 'mail');
    if (items.length !== 1) throw new Error('a task was expected');
    times.push(performance.now() - asked);
  }
  await bench.stop();
  rows.push({
    ready: size,
    'fill s': Math.round((filled - began) / 1_000),
    'first ms': Number(first.toFixed(1)),
    'median ms': Number(percentile(times, 0.5).toFixed(2)),
    'p95 ms': Number(percentile(times, 0.95).toFixed(2)),
    ratio: Number(
      (percentile(times, 0.5) / (rows[0]?.['median ms'] ?? percentile(times, 0.5))).toFixed(2),
    ),
  });
}
console.table(rows);
