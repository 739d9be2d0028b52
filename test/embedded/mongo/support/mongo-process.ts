import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The embedded MongoDB in a process of its own, to be killed. */
export type MongoProcess = Readonly<{
  url: string;
  /** How long it took to open the store and listen, the worker thread included. */
  openedIn: number;
  /** SIGKILL: nothing is flushed, nothing is closed. */
  kill: () => Promise<void>;
}>;

export const startMongoProcess = async (dataDir: string): Promise<MongoProcess> => {
  const entry = new URL('./mongo-child.js', import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [entry, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('the child has no output');
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    exited.then(([code]) => {
      throw new Error(`the server ended with ${code} before it listened`);
    }),
  ]);
  const { url, openedIn } = JSON.parse(line) as { url: string; openedIn: number };
  return {
    url,
    openedIn,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
