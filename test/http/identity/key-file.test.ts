import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { newApiKey } from '../../../src/http/identity/api-key.js';
import { addToKeyFile } from '../../../src/http/identity/api-key-file.js';
import { openApiKeys } from '../../../src/http/identity/api-keys.js';
import { removeFolder, temporaryFolder } from '../../support/program.js';

const until = async (holds: () => boolean): Promise<void> => {
  for (const end = Date.now() + 20_000; !holds(); ) {
    if (Date.now() > end) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

it('takes a revoked key no longer once the file can be read again, though it is the same by then', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'keys.jsonl');
  const { key, entry } = newApiKey({
    name: '',
    user: 'ann',
    scopes: [],
    created: '2026-01-01T00:00:00Z',
  });
  await addToKeyFile(path, entry);
  const logged: string[] = [];
  const log = pino({ level: 'error' }, { write: (line) => logged.push(line) });
  const keys = await openApiKeys(path, log);
  /** As long as before, and as old. */
  const write = async (content: string) => {
    await writeFile(path, content);
    await utimes(path, 0, 0);
  };
  try {
    expect(keys.callerOf(key)).toMatchObject({ userId: 'ann' });
    // Broken for now stands for permissions, which would keep no administrator out who runs this.
    await write('?');
    await until(() => logged.length > 0);
    expect(keys.callerOf(key)).toMatchObject({ userId: 'ann' });
    await write('#');
    await until(() => keys.callerOf(key) === undefined);
  } finally {
    keys.close();
    await removeFolder(folder);
  }
});
