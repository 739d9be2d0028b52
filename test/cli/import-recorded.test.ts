import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { isRecordedDataThere, recordedData } from '../support/recorded-data.js';
import { forkline } from './cli.js';

let program: Program;
beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const whenThere = isRecordedDataThere ? it : it.skip;

describe('importing a folder of recorded runs', () => {
  whenThere(
    'brings in as many as its description counts, and none of them twice',
    async () => {
      const folder = join(recordedData, 'swe-agent');
      const first = await forkline(program.url, ['import', folder, '--verbose']);
      expect(first.code).toBe(0);
      expect(first.out).toMatch(/^16 runs, 331 messages, 152 checkpoints in \d+\.\d s\n/);
      expect(first.out).not.toContain('already there');
      expect(first.out).toContain('there is a history and no trajectory');

      const again = await forkline(program.url, ['import', folder, '--json']);
      expect(again.errors).toContain('16 runs already there');
      const items = again.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(items).toHaveLength(16);

      const longest = items.find(({ file }) => file.endsWith('katy.traj'));
      const timeline = await forkline(program.url, [
        'timeline',
        `execution-${longest.executionId}`,
      ]);
      expect(timeline.out).toMatch(/ 18 {2}CheckpointSaved +step-18 /);
      expect(timeline.out).toContain('ExecutionCompleted');
    },
    180_000,
  );
});
