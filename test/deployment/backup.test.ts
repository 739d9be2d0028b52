import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open } from 'lmdb';
import { pathOf, textOf } from './repository.js';

/** The script as docs/deployment.md prints it. */
const script = (): string => {
  const [, code] = /```js\n(\/\/ backup\.mjs[\s\S]*?)```/.exec(textOf('docs/deployment.md')) ?? [];
  if (!code) throw new Error('docs/deployment.md has no backup.mjs');
  return code;
};

let folder: string;

// Inside the repository, so that the script finds lmdb as it would there.
beforeEach(async () => {
  folder = await mkdtemp(pathOf('dist/backup-test-'));
  await writeFile(join(folder, 'backup.mjs'), script());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const runBackup = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, [join(folder, 'backup.mjs'), ...args]);
  const [[code], errors] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  return { code, errors };
};

const keysIn = async (path: string): Promise<readonly unknown[]> => {
  const store = open({ path, readOnly: true });
  const keys = [...store.getKeys()];
  await store.close();
  return keys;
};

describe('the documented backup', () => {
  it('copies everything flushed so far while another process has the folder open', async () => {
    const live = open({ path: join(folder, 'live') });
    await live.put('first', 1);
    await live.flushed;
    expect(await runBackup(join(folder, 'live'), join(folder, 'copy'))).toMatchObject({ code: 0 });
    await live.put('second', 2);
    await live.close();
    expect(await keysIn(join(folder, 'copy'))).toEqual(['first']);
    expect(await keysIn(join(folder, 'live'))).toEqual(['first', 'second']);
  });

  it('refuses to write over an earlier backup', async () => {
    const live = open({ path: join(folder, 'live') });
    await live.put('first', 1);
    await runBackup(join(folder, 'live'), join(folder, 'copy'));
    const { code, errors } = await runBackup(join(folder, 'live'), join(folder, 'copy'));
    await live.close();
    expect(code).toBe(1);
    expect(errors).toContain('EEXIST');
  });

  it('is restored from data.mdb alone', async () => {
    const live = open({ path: join(folder, 'live') });
    await live.put('first', 1);
    await live.close();
    await cp(join(folder, 'live', 'data.mdb'), join(folder, 'restored', 'data.mdb'), {
      recursive: true,
    });
    expect(await keysIn(join(folder, 'restored'))).toEqual(['first']);
  });
});
