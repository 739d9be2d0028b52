import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../../src/cli/forkline.js', import.meta.url));

export type Ended = Readonly<{ code: number | null; output: string; errors: string }>;

/** Runs `forkline serve` that is expected to end by itself, and gives what it said. */
export const runToEnd = async (
  settings: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Ended> => {
  const child = spawn(process.execPath, [entry, 'serve', ...flags], {
    env: { ...process.env, PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    // One that starts after all would run for ever.
    timeout: 30_000,
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await once(child, 'close');
  return { code: child.exitCode, output, errors };
};

/** Runs `forkline serve` with an event store that nobody serves, for which it waits. */
export const startWithoutStore = (settings: Readonly<Record<string, string>>): ChildProcess =>
  spawn(process.execPath, [entry, 'serve'], {
    env: { ...process.env, ...settings, EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false' },
    stdio: 'ignore',
    timeout: 30_000,
  });
