import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeOptions } from './node-options.js';

const entry = fileURLToPath(new URL('../../src/cli/forkline.js', import.meta.url));

/** The program, running as a process of its own. */
export type Program = Readonly<{
  url: string;
  dataDir: string;
  process: ChildProcess;
  /** Ends it as an operator would, and gives its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}>;

/** A folder of its own under the system's temporary one. */
export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'forkline-test-'));

export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 5 });

/**
 * Starts `forkline serve` on a free port and waits until it listens.
 *
 * @param forkline the program's file: another build's, for instance
 */
export const startProgram = async (
  dataDir: string,
  settings: Readonly<Record<string, string>> = {},
  forkline = entry,
): Promise<Program> => {
  const env = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...settings };
  const listening = [/^Forkline listening on (http:\S+)$/];
  const { addresses, ...running } = await startCommand(['serve'], env, listening, forkline);
  const [url = ''] = addresses;
  return { url, dataDir, ...running };
};

/** The embedded stores, running as a process of their own. */
export type SharedStores = Omit<Program, 'url' | 'dataDir'> &
  Readonly<{
    eventStoreUrl: string;
    mongoUrl: string;
    /** What makes a program use them. */
    settings: Readonly<Record<string, string>>;
  }>;

/** Starts `forkline stores`, on free ports unless given, for several programs to share. */
export const startSharedStores = async (
  dataDir: string,
  ports: Readonly<{ eventStore: number; mongo: number }> = { eventStore: 0, mongo: 0 },
): Promise<SharedStores> => {
  const args = [
    ...['stores', '--data-dir', dataDir],
    ...['--eventstore-port', `${ports.eventStore}`, '--mongodb-port', `${ports.mongo}`],
  ];
  const { addresses, ...running } = await startCommand(args, {}, [
    /^Event store listening on (\S+)$/,
    /^MongoDB listening on (\S+)$/,
  ]);
  const [eventStoreUrl = '', mongoUrl = ''] = addresses;
  const settings = { EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl };
  return { eventStoreUrl, mongoUrl, settings, ...running };
};

/** One of the embedded stores, running as a process of its own. */
export type SharedStore = Omit<Program, 'dataDir'>;

/** Starts `forkline stores` with one of them, on a free port unless given. */
export const startSharedStore = async (
  which: 'eventstore' | 'mongodb',
  dataDir: string,
  port = 0,
): Promise<SharedStore> => {
  const other = which === 'eventstore' ? 'mongodb' : 'eventstore';
  const args = ['stores', '--data-dir', dataDir, `--${which}-port`, `${port}`, `--no-${other}`];
  const { addresses, ...running } = await startCommand(args, {}, [/ listening on (\S+)$/]);
  const [url = ''] = addresses;
  return { url, ...running };
};

type Running = Omit<Program, 'url' | 'dataDir'> & Readonly<{ addresses: readonly string[] }>;

/** Runs `forkline` until it has printed a line for each of the patterns, with an address in it. */
const startCommand = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  awaited: readonly RegExp[],
  forkline = entry,
): Promise<Running> => {
  const options = args[0] === 'serve' ? nodeOptions : [];
  const child = spawn(process.execPath, [...options, forkline, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const addresses = await new Promise<readonly string[]>((resolve, reject) => {
    const found: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = awaited[found.length]?.exec(line)?.[1];
      if (address) found.push(address);
      if (found.length === awaited.length) resolve(found);
    });
    void exited.then(() => reject(new Error(`the program ended: ${errors}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    ...{ addresses, process: child },
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
};
