import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** Packages of one peer, which are installed together. */
export type Wanted = Readonly<{
  name: string;
  /** Names and versions, which fit one another. */
  packages: Readonly<Record<string, string>>;
  /** Those with a binding, which is compiled unless its publisher's compiled one can be fetched, and the file that it makes. */
  bindings?: Readonly<Record<string, string>>;
}>;

/** A peer, installed. */
export type Peer = Readonly<{
  /** A package that can be required. */
  load(name: string): unknown;
  /** A package that can only be imported. */
  import(name: string): Promise<unknown>;
  /** Bindings that could not be made, each with the reason. */
  missing: Readonly<Record<string, string>>;
}>;

const cache = fileURLToPath(
  new URL('../../../../node_modules/.cache/forkline-bench', import.meta.url),
);
const installMinutes = 5;
const compileMinutes = 10;

/**
 * Installs a peer into a cache folder of its own at first use: it is no dependency of the project.
 *
 * @returns why not, when it cannot be installed
 */
export const installPeer = async (
  { name, packages, bindings = {} }: Wanted,
  tell: (line: string) => void,
): Promise<Peer | string> => {
  const folder = join(cache, name);
  const manifest = join(folder, 'package.json');
  const text = JSON.stringify({ name: `bench-${name}`, private: true, dependencies: packages });
  const done = join(folder, 'installed');
  const npm = (args: readonly string[], minutes: number) =>
    promisify(execFile)('npm', args, { cwd: folder, timeout: minutes * 60_000 });
  try {
    await mkdir(folder, { recursive: true });
    if ((await readFile(done, 'utf8').catch(() => '')) !== text) {
      tell(`installing ${name} …`);
      await writeFile(manifest, text);
      const quickly = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
      await npm(['install', ...quickly], installMinutes);
      await writeFile(done, text);
    }
  } catch (error) {
    return reasonOf(error);
  }
  const load = createRequire(manifest);
  const missing: Record<string, string> = {};
  for (const [binding, file] of Object.entries(bindings))
    try {
      const compiled = join(folder, 'node_modules', binding, file);
      if (!(await exists(compiled))) {
        tell(`compiling ${binding}, which takes some minutes …`);
        // What npm runs hands its own settings on, and the project's are to run no scripts.
        await npm(['rebuild', '--ignore-scripts=false', binding], compileMinutes);
        await stat(compiled);
      }
      load(binding);
    } catch (error) {
      missing[binding] = reasonOf(error);
    }
  return { load, import: (of) => import(pathToFileURL(load.resolve(of)).href), missing };
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const reasonOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr || message).split('\n').filter((line) => /error/i.test(line));
  return (lines[0] ?? message).slice(0, 200);
};
