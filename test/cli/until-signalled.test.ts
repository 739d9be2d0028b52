import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const subject = new URL('../../src/cli/until-signalled.js', import.meta.url).href;

/** A process that is told to end twice, and says when it does. */
const script = `
  const { untilSignalled } = await import('${subject}');
  setInterval(() => {}, 1_000);
  process.on('exit', (code) => console.log('ends with ' + code));
  const signalled = untilSignalled();
  process.kill(process.pid, 'SIGTERM');
  await signalled;
  console.log('told to end');
  process.kill(process.pid, 'SIGTERM');
`;
const run = (command: string, ...args: readonly string[]) => {
  const given = [...args, '--input-type=module', '--eval', script];
  const { stdout, signal, status } = spawnSync(command, given, {
    encoding: 'utf8',
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  return { stdout, signal, status };
};
const said = 'told to end\nends with 143\n';

/** Runs what follows as the first process of a space of its own, as containers do. */
const asFirst = ['--fork', '--pid', '--map-root-user', '--kill-child'];
// Not every machine lets everybody.
const isAllowed = spawnSync('unshare', [...asFirst, 'true']).status === 0;

describe('a second signal', () => {
  it('ends the process by itself, and what ends with it is told once', () => {
    expect(run(process.execPath)).toEqual({ stdout: said, signal: 'SIGTERM', status: null });
  });

  (isAllowed ? it : it.skip)('ends the first process of a container in the same way', () => {
    const ended = run('unshare', ...asFirst, process.execPath);
    expect(ended).toEqual({ stdout: said, signal: null, status: 143 });
  });
});
