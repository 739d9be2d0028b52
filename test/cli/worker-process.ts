import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ForklineClient, ForklineEvent } from '../../src/client/client.js';

const entry = fileURLToPath(new URL('../../src/cli/forkline.js', import.meta.url));

/** A line that a worker logged. */
export type News = Readonly<Record<string, unknown>> & Readonly<{ event: string; taskId?: string }>;

/** `forkline worker --json`, running as a process of its own. */
export type WorkerProcess = Readonly<{
  /** The first news of a sort, of those that came and those to come. */
  news(event: string, taskId?: string): Promise<News>;
  /** Every news so far. */
  all(): readonly News[];
  send(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it, once it has ended. */
  ended(): Promise<number | NodeJS.Signals | null>;
}>;

/** @param exec the command line that runs for each task */
export const startWorker = (
  url: string,
  exec: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): WorkerProcess => {
  const environment = { FORKLINE_URL: url, FORKLINE_TOKEN: '', FORKLINE_USER_ID: '', ...more };
  const child = spawn(process.execPath, [entry, 'worker', '--json', '--exec', exec, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen: News[] = [];
  let errors = '';
  let isOver = false;
  let wake = () => {};
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line) as News);
    wake();
  });
  const closed = once(child, 'close').then(() => {
    isOver = true;
    wake();
  });
  return {
    news: async (event, taskId) => {
      for (;;) {
        const found = seen.find(
          (news) => news.event === event && (taskId === undefined || news.taskId === taskId),
        );
        if (found) return found;
        if (isOver) throw new Error(`the worker ended without ${event}: ${errors}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    all: () => seen,
    send: (signal) => {
      child.kill(signal);
    },
    ended: async () => {
      await closed;
      return child.exitCode ?? child.signalCode;
    },
  };
};

/** Writes a script of the shell, and gives what to call it by. */
export const scriptIn = async (folder: string, name: string, lines: string): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, 0o755);
  return `'${file}'`;
};

/** The first event of a type in a stream, of those that happened and those to come. */
export const eventOf = async (
  client: ForklineClient,
  stream: string,
  type: string,
): Promise<ForklineEvent> => {
  for await (const event of client.feed.subscribe({ streams: [stream] }, { from: 'start' }))
    if (event.type === type) return event;
  throw new Error('the feed ended');
};

/** The types of a stream's events. */
export const typesOf = async (
  client: ForklineClient,
  stream: string,
): Promise<readonly string[]> => {
  const types: string[] = [];
  for await (const { type } of client.streams.eachEvent(stream)) types.push(type);
  return types;
};
