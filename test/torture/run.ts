import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { terminal } from '../../src/cli/terminal.js';
import { progressBar } from './progress.js';
import { report } from './report.js';
import { checkAgain, type Tortured, torture } from './torture.js';

// The command behind `npm run torture`. Exits with 0 when every promise was kept, 1 when one was
// broken or the run could not be carried out, 2 when it was asked for wrongly.

type Flags = Readonly<{
  minutes: number;
  seed: number;
  nodes: number;
  users: number;
  clients: number;
  faults: number;
  folder?: string;
  keep?: true;
}>;

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
};
const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('must be a whole number');
  return value;
};
const atLeastOne = (text: string): number => Math.max(1, whole(text));

/** Aborted on the first SIGINT or SIGTERM; a second one ends the process. */
const untilAsked = (): AbortSignal => {
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (asked.signal.aborted) process.exit(130);
      asked.abort();
    });
  return asked.signal;
};

/** Prints what came of a run, and keeps it in its folder. @returns whether every promise was kept */
const settle = async (tortured: Tortured, folder: string, again: string): Promise<boolean> => {
  report(tortured, terminal());
  const { log: _, ...told } = tortured;
  await writeFile(join(folder, 'report.json'), JSON.stringify({ again, ...told }, null, 2));
  return tortured.findings.every(({ violations }) => violations.length === 0);
};

const run = async ({ minutes, seed, nodes, users, clients, faults, ...flags }: Flags) => {
  const out = terminal();
  const stopping = untilAsked();
  if (flags.folder !== undefined) await mkdir(flags.folder, { recursive: true });
  const folder = flags.folder ?? (await mkdtemp(join(tmpdir(), 'forkline-torture-')));
  const asked = { minutes, seed, nodes, users, clients, faults };
  const options = Object.entries(asked).map(([name, value]) => `--${name} ${value}`);
  const again = `npm run torture -- ${options.join(' ')}`;
  out.print(again);
  const bar = progressBar(out);
  let isWhole = false;
  try {
    const tortured = await torture({
      ...{ folder, seed, nodes, users, faults, stopping, tell: bar.tell },
      ...{ seconds: minutes * 60, clientsEach: clients },
    }).finally(bar.end);
    isWhole = await settle(tortured, folder, again);
  } catch (error) {
    out.note(`the run could not be carried out: ${error instanceof Error ? error.stack : error}`);
  }
  if (isWhole && !flags.keep && flags.folder === undefined)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  else out.print(`\nlogs, reports and stores are in ${folder}`);
  out.print(isWhole ? '\nevery promise was kept' : `\nagain: ${again}`);
  process.exit(isWhole ? 0 : 1);
};

const start = async ({ check, ...flags }: Flags & Readonly<{ check?: string }>) => {
  if (check === undefined) return run(flags);
  try {
    const isWhole = await settle(await checkAgain(check), check, '');
    process.exit(isWhole ? 0 : 1);
  } catch (error) {
    terminal().note(
      `the run could not be checked: ${error instanceof Error ? error.message : error}`,
    );
    process.exit(1);
  }
};

await new Command('torture')
  .description('put the whole program under load and faults, and check what it has to show for it')
  .option('--minutes <n>', 'for how long there are load and faults', positive, 1)
  .option('--seed <n>', 'what decides on commands and faults', whole, 1)
  .option('--nodes <n>', 'how many nodes', atLeastOne, 2)
  .option('--users <n>', 'how many users', atLeastOne, 3)
  .option('--clients <n>', 'how many clients, and as many workers, each user has', atLeastOne, 2)
  .option('--faults <n>', 'how many faults a minute, on average', whole, 20)
  .option('--folder <folder>', 'where to keep everything; a temporary folder by default')
  .option('--keep', 'keep the temporary folder when nothing is broken, too')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .option('--check <folder>', 'check a run again whose folder was kept, instead of making one')
  .action(start)
  .parseAsync();
