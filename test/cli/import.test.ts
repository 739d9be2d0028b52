import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { isRecordedDataThere, recordedData } from '../support/recorded-data.js';
import { forkline, type Ran } from './cli.js';

let program: Program;
let folder: string;

const run = (...args: readonly string[]): Promise<Ran> => forkline(program.url, args);

beforeAll(async () => {
  folder = await temporaryFolder();
  program = await startProgram(await temporaryFolder());
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
  await removeFolder(folder);
});

describe('forkline import', () => {
  const conversation = (content: string) =>
    JSON.stringify({ messages: [{ role: 'user', content }] });

  it('takes what it can, and says at the end what it could not', async () => {
    const here = join(folder, 'runs');
    await mkdir(here);
    await writeFile(join(here, 'a.json'), conversation('One'));
    await writeFile(join(here, 'b.jsonl'), `${conversation('Two')}\n{broken\n`);
    await writeFile(join(here, 'c.json'), '{"no":"run"}');
    await writeFile(join(here, 'README.json'), 'what is here');
    const { code, out, errors } = await run('import', here, join(here, 'missing.json'));
    expect(code).toBe(1);
    expect(out).toMatch(/^2 runs, 2 messages, 0 checkpoints in \d+\.\d s\n/);
    expect(out).toContain('3 failures:');
    expect(out).toMatch(/b\.jsonl: run 1: line 2: not JSON/);
    expect(out).toMatch(/c\.json: unreadable-recording: /);
    expect(out).toMatch(/missing\.json: ENOENT/);
    expect(errors).toMatch(/^\S+a\.json: 1 run, 1 message, 0 checkpoints$/m);

    const again = await run('import', join(here, 'a.json'), '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ file: join(here, 'a.json'), added: 0 });
    expect(again.errors).toContain('1 run already there');
  });

  it('refuses a folder without recordings', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const { code, errors } = await run('import', empty);
    expect([code, errors]).toEqual([1, `error: there is no recording in ${empty}\n`]);
  });
});

const whenThere = isRecordedDataThere ? it : it.skip;

describe('importing a folder of recorded runs', () => {
  whenThere(
    'brings in as many as its description counts, and none of them twice',
    async () => {
      const recordings = join(recordedData, 'swe-agent');
      const first = await run('import', recordings, '--verbose');
      expect(first.code).toBe(0);
      expect(first.out).toMatch(/^16 runs, 331 messages, 152 checkpoints in \d+\.\d s\n/);
      expect(first.out).not.toContain('already there');
      expect(first.out).toContain('there is a history and no trajectory');

      const again = await run('import', recordings, '--json');
      expect(again.errors).toContain('16 runs already there');
      const items = again.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(items).toHaveLength(16);

      const longest = items.find(({ file }) => file.endsWith('katy.traj'));
      const timeline = await run('timeline', `execution-${longest.executionId}`);
      expect(timeline.out).toMatch(/ 18 {2}CheckpointSaved +step-18 /);
      expect(timeline.out).toContain('ExecutionCompleted');
    },
    180_000,
  );
});
