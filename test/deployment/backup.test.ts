import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, startProgram } from '../support/program.js';
import { pathOf, textOf } from './repository.js';

/** The script as docs/deployment.md prints it. */
const script = (): string => {
  const [, code] = /```js\n(\/\/ backup\.mjs[\s\S]*?)```/.exec(textOf('docs/deployment.md')) ?? [];
  if (!code) throw new Error('docs/deployment.md has no backup.mjs');
  return code;
};

let folder: string;
let program: Program;
let client: ForklineClient;

// Inside the repository, so that the script finds lmdb as it would there.
beforeAll(async () => {
  folder = await mkdtemp(pathOf('dist/backup-test-'));
  await writeFile(join(folder, 'backup.mjs'), script());
  program = await startProgram(join(folder, 'live'));
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

const runBackup = async (to: string) => {
  const args = [join(folder, 'backup.mjs'), program.dataDir, join(folder, to)];
  const child = spawn(process.execPath, args);
  const [[code], errors] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  return { code, errors };
};

const titlesIn = async ({ consistent }: ForklineClient): Promise<readonly string[]> => {
  const titles: string[] = [];
  for await (const { title } of consistent.sessions.each()) titles.push(title);
  return titles;
};

describe('the documented backup', () => {
  it('copies what was written so far while Forkline runs, and Forkline runs on the copy', async () => {
    await client.sessions.create({ title: 'Before' });
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await client.sessions.create({ title: 'Meanwhile' });
    })();
    const { code, errors } = await runBackup('copy');
    isOver = true;
    await writing;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    await client.sessions.create({ title: 'After' });

    const restored = await startProgram(join(folder, 'copy'));
    const there = new ForklineClient({ url: restored.url });
    const { id } = await there.sessions.create({ title: 'Restored' });
    expect((await there.streams.events(`session-${id}`)).items).toHaveLength(1);
    const titles = await titlesIn(there);
    expect(titles.at(0)).toBe('Restored');
    expect(titles.at(-1)).toBe('Before');
    expect(titles).not.toContain('After');
    const live = await titlesIn(client);
    expect(live.slice(1 - titles.length)).toEqual(titles.slice(1));
    expect(await restored.stop()).toBe(0);
  });

  it('refuses to write over an earlier backup', async () => {
    await runBackup('first');
    const { code, errors } = await runBackup('first');
    expect(code).toBe(1);
    expect(errors).toContain('EEXIST');
  });
});
