import type { Comparison, Size } from './comparison.js';
import type { Findings } from './findings.js';
import type { Machine } from './machine.js';
import { runPart } from './run-part.js';

/** What came of one comparison. */
export type Outcome = Readonly<{
  name: string;
  title: string;
  seconds: number;
  /** None when nothing could be measured. */
  findings?: Findings;
  /** Why parts of it failed. */
  failed: readonly string[];
}>;

/** What a run leaves. */
export type Results = Readonly<{
  size: Size;
  machine: Machine;
  minutes: number;
  /** In how many runs they were measured, some comparisons in each; 1 when absent. */
  runs?: number;
  comparisons: readonly Outcome[];
}>;

type Measured = Pick<Results, 'minutes' | 'comparisons'>;

/** A run's results, with those of an earlier run for the comparisons that were not run again. */
export const withEarlier = (results: Results, earlier: Results | undefined): Results => {
  if (!earlier) return results;
  const again = new Set(results.comparisons.map(({ name }) => name));
  const kept = earlier.comparisons.filter(({ name }) => !again.has(name));
  const comparisons = [...kept, ...results.comparisons];
  const seconds = comparisons.reduce((sum, each) => sum + each.seconds, 0);
  const minutes = Number((seconds / 60).toFixed(1));
  return { ...results, minutes, runs: (earlier.runs ?? 1) + 1, comparisons };
};

/**
 * Runs comparisons one after the other, so that none disturbs another. One that fails is told of, and
 * the others go on.
 *
 * @param keep is given what there is after each, so that a long run that is cut off leaves something
 * @param signal ends the one that runs, with its processes, and begins no other
 */
export const runAll = async (
  comparisons: readonly Comparison[],
  size: Size,
  tell: (line: string) => void,
  keep: (results: Measured) => Promise<void>,
  signal: AbortSignal,
): Promise<Measured> => {
  const began = performance.now();
  const outcomes: Outcome[] = [];
  const measured = (): Measured => ({
    minutes: Number(((performance.now() - began) / 60_000).toFixed(1)),
    comparisons: outcomes,
  });
  for (const [at, comparison] of comparisons.entries()) {
    if (signal.aborted) break;
    const { name } = comparison;
    tell(`[${at + 1}/${comparisons.length}] ${comparison.title}`);
    const outcome = await runOne(comparison, size, (line) => tell(`  ${name}: ${line}`), signal);
    for (const why of outcome.failed) tell(`  ${name} failed: ${why}`);
    tell(`  ${name}: ${outcome.seconds} s`);
    outcomes.push(outcome);
    await keep(measured());
  }
  return measured();
};

const runOne = async (
  comparison: Comparison,
  size: Size,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Outcome> => {
  const { name, title } = comparison;
  const began = performance.now();
  const measured: unknown[] = [];
  const failed: string[] = [];
  for (const part of comparison.parts(size))
    try {
      signal.throwIfAborted();
      measured.push(await runPart(part, tell, signal));
    } catch (error) {
      measured.push(undefined);
      failed.push(error instanceof Error ? error.message : String(error));
    }
  const seconds = Math.round((performance.now() - began) / 1_000);
  if (measured.every((each) => each === undefined)) return { name, title, seconds, failed };
  return { name, title, seconds, failed, findings: comparison.findings(measured) };
};
