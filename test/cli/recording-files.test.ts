import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordingFiles } from '../../src/cli/recording-files.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => removeFolder(folder));

const inFolder = (...names: readonly string[]): readonly string[] =>
  names.map((name) => join(folder, name));

describe('the recordings that paths stand for', () => {
  it('are in folders and the folders inside, without what only describes them', async () => {
    await mkdir(join(folder, 'deep', 'er'), { recursive: true });
    const wanted = ['b.traj', 'a.json.gz', 'deep/er/c.jsonl', 'deep/d.traj.gz'];
    const others = ['README.md', 'manifest.json', 'LICENSE.json', 'deep/notes.txt', 'e.json.bak'];
    for (const name of [...wanted, ...others]) await writeFile(join(folder, name), '');
    expect(await recordingFiles([folder])).toEqual(
      inFolder('a.json.gz', 'b.traj', 'deep/d.traj.gz', 'deep/er/c.jsonl'),
    );
  });

  it('are the files named, whatever they are called and whether they are there, each once', async () => {
    await writeFile(join(folder, 'manifest.txt'), '');
    await writeFile(join(folder, 'a.json'), '');
    const named = inFolder('manifest.txt', 'missing.json', 'a.json');
    expect(await recordingFiles([...named, folder])).toEqual(named);
  });
});
