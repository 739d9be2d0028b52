import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const entry = new URL('../../src/client/client.js', import.meta.url);

/** What a compiled module imports and reads, of itself and of all that it imports. */
const reached = async (file: URL, seen = new Map<string, string>()) => {
  if (seen.has(file.href)) return seen;
  const text = await readFile(file, 'utf8');
  seen.set(file.href, text);
  for (const name of importsIn(text))
    if (name.startsWith('.')) await reached(new URL(name, file), seen);
  return seen;
};

const importsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/gm)].map(([, name]) => name!);

it('is made of its own modules only, without anything of Node', async () => {
  const modules = await reached(entry);
  expect(modules.size).toBeGreaterThan(20);
  const folder = new URL('.', entry).href;
  expect([...modules.keys()].filter((file) => !file.startsWith(folder))).toEqual([]);
  const foreign = [...modules].flatMap(([file, text]) =>
    importsIn(text)
      .filter((name) => !name.startsWith('./'))
      .map((name) => `${file.slice(folder.length)} imports ${name}`),
  );
  expect(foreign).toEqual([]);
  const nodes = [...modules].filter(([, text]) => /\b(process|Buffer|setImmediate)[.(]/.test(text));
  expect(nodes.map(([file]) => file.slice(folder.length))).toEqual([]);
});

it('would be told from what is made for Node', async () => {
  const modules = await reached(new URL('./node-client.js', entry));
  expect([...modules.values()].flatMap(importsIn)).toEqual(
    expect.arrayContaining(['ws', 'node:stream/consumers']),
  );
});

it('has types that speak of nothing outside either', async () => {
  const types = (await readFile(fileURLToPath(entry).replace(/\.js$/, '.d.ts'), 'utf8')).trim();
  expect(importsIn(types).filter((name) => !name.startsWith('./'))).toEqual([]);
  expect(types).not.toContain('reference types');
});
