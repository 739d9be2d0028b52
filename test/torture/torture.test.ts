import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

const run = fileURLToPath(new URL('./run.js', import.meta.url));
/** How long there are load and faults. Starting, settling and checking come on top. */
const seconds = Number(process.env.FORKLINE_TORTURE_SECONDS ?? 60);
const seed = process.env.FORKLINE_SEED ?? '1';

let ended: Promise<unknown> | undefined;
let child: ReturnType<typeof spawn> | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  await ended;
});

describe('the whole program under load and faults', () => {
  it(
    'keeps every promise',
    async () => {
      const args = [run, '--minutes', `${seconds / 60}`, '--seed', seed];
      child = spawn(process.execPath, ['--no-warnings', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      ended = once(child, 'exit');
      let told = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk) => {
          told += chunk;
        });
      await ended;
      // What was broken is told by the run, with all there is to know of it.
      expect(child.exitCode === 0 ? '' : told).toBe('');
      expect(told).toContain('every promise was kept');
      process.stdout.write(told);
    },
    (seconds + 540) * 1_000,
  );
});
