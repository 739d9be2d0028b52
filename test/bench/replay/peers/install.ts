import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Versions that fit one another: the registry may lack the newest of one that the newest of another asks for. */
const packages = {
  '@langchain/core': '1.2.13',
  '@langchain/langgraph': '1.4.7',
  '@langchain/langgraph-checkpoint': '1.1.5',
  '@langchain/langgraph-checkpoint-sqlite': '1.0.4',
  'better-sqlite3': '12.10.0',
  zod: '4.4.3',
};

const folder = fileURLToPath(
  new URL('../../../../../node_modules/.cache/forkline-bench', import.meta.url),
);
const npm = (args: readonly string[], minutes: number) =>
  promisify(execFile)('npm', args, { cwd: folder, timeout: minutes * 60_000 });

/** What LangGraph is compared by, or why it cannot be had. */
export type Peers = Readonly<{
  load(name: string): unknown;
  /** Whether there is SQLite for it; if not, why. */
  sqlite: true | string;
  versions: typeof packages;
}>;

/**
 * LangGraph, from a cache folder of its own: installed at first use, and no dependency of the project.
 * SQLite's binding is compiled, unless its publisher's compiled one can be fetched.
 *
 * @returns why not, when it cannot be installed
 */
export const installPeers = async (tell: (line: string) => void): Promise<Peers | string> => {
  const load = createRequire(join(folder, 'package.json'));
  try {
    await mkdir(folder, { recursive: true });
    if (!(await exists('node_modules/@langchain/langgraph'))) {
      tell('installing LangGraph …');
      const manifest = { name: 'forkline-bench-peers', private: true, dependencies: packages };
      await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
      const quickly = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
      await npm(['install', ...quickly], 3);
    }
  } catch (error) {
    return reasonOf(error);
  }
  const sqlite = await built(load, tell).then(() => true as const, reasonOf);
  return { load, sqlite, versions: packages };
};

const built = async (load: NodeJS.Require, tell: (line: string) => void): Promise<void> => {
  const binding = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node';
  if (!(await exists(binding))) {
    tell("compiling LangGraph's SQLite, which takes some minutes …");
    await npm(['rebuild', 'better-sqlite3'], 10);
  }
  load('better-sqlite3');
};

const exists = (path: string): Promise<boolean> =>
  stat(join(folder, path)).then(
    () => true,
    () => false,
  );

const reasonOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split('\n').filter((line) => /error/i.test(line));
  return (lines[0] ?? message).slice(0, 200);
};
