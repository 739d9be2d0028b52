import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeOptions } from '../../../support/node-options.js';

/** The bare server, running as a process of its own. */
export type BareServer = Readonly<{ url: string; process: ChildProcess; stop(): Promise<void> }>;

/**
 * Starts the bare server, with the options of Node that the program is given, and waits until it listens.
 *
 * @param settings the addresses of its stores; `READ_MODELS` has it keep those of a message as well, `UNALTERED` makes
 *   requests with Express's prototypes
 * @throws Error when it ends before
 */
export const startBareServer = async (
  settings: Readonly<Record<string, string>>,
): Promise<BareServer> => {
  const file = fileURLToPath(new URL('./bare-server.js', import.meta.url));
  const child = spawn(process.execPath, [...nodeOptions, file], {
    env: { ...process.env, NODE_ENV: 'production', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve(line.replace('listening on ', '')),
    );
    void exited.then(() => reject(new Error('the bare server ended')));
  });
  return {
    ...{ url, process: child },
    stop: async () => {
      child.kill();
      await exited;
    },
  };
};
