import { appendFile, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { v7 } from 'uuid';
import { type ApiKeyEntry, apiKeyEntry } from './api-key.js';

/** A file of API keys cannot be read, or holds what is no key. The message says which line, and nothing of what is in it. */
export class BadKeyFile extends Error {
  override readonly name = 'BadKeyFile';
}

/**
 * The keys in a file: one JSON object a line, so that a key is added by appending and two commands
 * at once lose none. Empty lines and those that begin with # are passed over.
 *
 * @throws BadKeyFile
 */
export const readKeyFile = async (path: string): Promise<readonly ApiKeyEntry[]> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new BadKeyFile(`${path} cannot be read: ${codeOf(error)}`, { cause: error });
  });
  const entries = text.split('\n').flatMap((line, index) => {
    return isEntry(line) ? [entryIn(line, `${path}:${index + 1}`)] : [];
  });
  const ids = entries.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new BadKeyFile(`${path}: two keys have the id ${twice}`);
  return entries;
};

/** Adds a key to a file, which is made if there is none: for its owner's eyes only. @throws BadKeyFile */
export const addToKeyFile = async (path: string, entry: ApiKeyEntry): Promise<void> => {
  const before = (await exists(path)) ? await readFile(path, 'utf8') : '';
  if (before !== '') await readKeyFile(path);
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await appendFile(path, `${gap}${JSON.stringify(entry)}\n`, { mode: 0o600 });
};

/**
 * Takes a key out of a file. The file is replaced at once, so that whoever reads it never sees half of it.
 *
 * @returns what was taken out; undefined when there is no such key
 * @throws BadKeyFile
 */
export const removeFromKeyFile = async (
  path: string,
  id: string,
): Promise<ApiKeyEntry | undefined> => {
  const entries = await readKeyFile(path);
  const found = entries.find((entry) => entry.id === id);
  if (!found) return undefined;
  const lines = (await readFile(path, 'utf8')).split('\n');
  const others = lines.filter((line) => !isEntry(line) || entryIn(line, path).id !== id);
  const { mode } = await stat(path);
  const written = `${path}.${v7()}`;
  await writeFile(written, others.join('\n'), { mode });
  await rename(written, path);
  return found;
};

const isEntry = (line: string): boolean => line.trim() !== '' && !/^\s*#/.test(line);

const entryIn = (line: string, where: string): ApiKeyEntry => {
  const { data, error } = apiKeyEntry.safeParse(parsed(line));
  if (data) return data;
  const [issue] = error.issues;
  throw new BadKeyFile(`${where}: ${[...(issue?.path ?? []), ''].join(': ')}${issue?.message}`);
};

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'it is no text';
