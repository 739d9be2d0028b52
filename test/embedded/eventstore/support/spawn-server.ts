import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A server process that can be killed. */
export type ServerProcess = Readonly<{ child: ChildProcess; port: number; url: string }>;

/**
 * Starts a server in a process of its own.
 *
 * @throws an error with the name of what failed there
 */
export const spawnServer = async (
  dataDir: string,
  port = 0,
  commitTimeout?: number,
): Promise<ServerProcess> => {
  const child = fork(new URL('./server-process.js', import.meta.url), [
    JSON.stringify({ dataDir, port, commitTimeout }),
  ]);
  const [report] = (await once(child, 'message')) as [{ port: number } | { failed: string }];
  if ('failed' in report) throw Object.assign(new Error(report.failed), { name: report.failed });
  return { child, port: report.port, url: `esdb://127.0.0.1:${report.port}?tls=false` };
};

/** Ends a server process with a signal and waits until it is gone. */
export const endServer = async (
  { child }: ServerProcess,
  signal: NodeJS.Signals,
): Promise<void> => {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
};
