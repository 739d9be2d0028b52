import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Part } from './comparison.js';

const timeToEndMs = 5_000;
const linesKept = 12;

/**
 * Runs a part in a process group of its own, with a temporary folder of its own, which are both gone
 * when this settles, however the part ends.
 *
 * @param tell is given each line that it prints
 * @param signal ends it early
 * @returns what it measured
 * @throws when it fails, takes too long, or ends without having written anything
 */
export const runPart = async (
  { script, args, minutes, measured = 'file' }: Part,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<unknown> => {
  const folder = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
  // PostgreSQL has its folder below it, and runs as another user where this is root.
  await chmod(folder, 0o711);
  const file = join(folder, 'measured.json');
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const child = spawn(
    process.execPath,
    [path, ...args, ...(measured === 'file' ? ['--json', file] : [])],
    {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const last: string[] = [];
  const objects: unknown[] = [];
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => {
      if (measured === 'lines' && line.startsWith('{')) objects.push(JSON.parse(line));
      last.push(line);
      if (last.length > linesKept) last.shift();
      tell(line);
    });
  const read = once(child, 'close');
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const whole = AbortSignal.any([signal, AbortSignal.timeout(minutes * 60_000)]);
  const end = () => void endGroup(child.pid, exited);
  whole.addEventListener('abort', end);
  try {
    const [code, killedBy] = await exited;
    // What it has started may have the output open still.
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, timeToEndMs).unref())]);
    if (signal.aborted) throw new Error('interrupted');
    if (whole.aborted) throw new Error(`took more than ${minutes} minutes`);
    if (code !== 0) {
      const how = killedBy ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
      throw new Error([`${script} ${how}`, ...last].join('\n'));
    }
    return measured === 'lines' ? objects : JSON.parse(await readFile(file, 'utf8'));
  } finally {
    whole.removeEventListener('abort', end);
    await endGroup(child.pid, exited);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

/** Ends a process and all that it has started: asked to at first, so that databases end well. */
const endGroup = async (pid: number | undefined, exited: Promise<unknown>): Promise<void> => {
  if (pid === undefined || !signalGroup(pid, 'SIGTERM')) return;
  const isGone = await Promise.race([
    exited.then(() => groupGone(pid)),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), timeToEndMs).unref()),
  ]);
  if (!isGone) signalGroup(pid, 'SIGKILL');
};

/** @returns whether there was any process in the group */
const signalGroup = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-pid, name);
  } catch {
    return false;
  }
};

const groupGone = async (pid: number): Promise<boolean> => {
  const until = performance.now() + timeToEndMs;
  while (signalGroup(pid, 0) && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return !signalGroup(pid, 0);
};
