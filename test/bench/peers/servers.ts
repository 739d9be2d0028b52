import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A server of a peer, running on loopback with a folder of its own. */
export type Server = Readonly<{
  port: number;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}>;

const patienceMs = 30_000;
const debianFolder = '/usr/lib/postgresql';
const run = promisify(execFile);

/**
 * PostgreSQL as its packages have it: every commit is on disk before it is answered. Its one user is
 * `bench`, without a password.
 *
 * @returns why not, when it is not installed or does not start
 */
export const startPostgres = async (): Promise<(Server & { url: string }) | string> => {
  const versions = await readdir(debianFolder).catch(() => []);
  const version = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (version === undefined) return 'PostgreSQL is not installed';
  const programs = join(debianFolder, version, 'bin');
  const folder = await mkdtemp(join(tmpdir(), 'forkline-bench-postgres-'));
  try {
    const as = await whoRuns();
    if (as) await chown(folder, as.uid, as.gid);
    const how = ['--auth=trust', '--username=bench', '--encoding=UTF8', '--no-locale', '--no-sync'];
    await run(join(programs, 'initdb'), ['-D', folder, ...how], { ...as, cwd: folder });
    const port = await freePort();
    const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`];
    const args = ['-D', folder, ...options.flatMap((option) => ['-c', option])];
    const child = spawn(join(programs, 'postgres'), args, { ...as, cwd: folder });
    // Asked to end by SIGTERM it would wait for its clients.
    const server = await started(child, folder, port, /ready to accept connections/, 'SIGINT');
    return { ...server, url: `postgresql://bench@127.0.0.1:${port}/postgres` };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return `PostgreSQL does not start: ${error instanceof Error ? error.message : error}`;
  }
};

/**
 * Redis with every write on disk before it is answered (`appendfsync always`).
 *
 * @returns why not, when it is not installed or does not start
 */
export const startRedis = async (): Promise<Server | string> => {
  const program = '/usr/bin/redis-server';
  if (!(await stat(program).catch(() => undefined))) return 'Redis is not installed';
  const folder = await mkdtemp(join(tmpdir(), 'forkline-bench-redis-'));
  try {
    const port = await freePort();
    const where = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder];
    const how = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const child = spawn(program, [...where, ...how]);
    return await started(child, folder, port, /Ready to accept connections/, 'SIGTERM');
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return `Redis does not start: ${error instanceof Error ? error.message : error}`;
  }
};

/** PostgreSQL refuses to run as root: then it runs as the user that its package makes. */
const whoRuns = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (which: string) => Number((await run('id', [which, 'postgres'])).stdout);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

const started = async (
  child: ChildProcess,
  folder: string,
  port: number,
  ready: RegExp,
  endSignal: NodeJS.Signals,
): Promise<Server> => {
  const exited = once(child, 'exit');
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const output of [child.stdout, child.stderr])
      if (output)
        createInterface({ input: output }).on('line', (line) => {
          said.push(line);
          if (ready.test(line)) resolve();
        });
    exited.then(() => reject(new Error(said.slice(-3).join('; '))), reject);
    setTimeout(() => reject(new Error('it is not ready in time')), patienceMs).unref();
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    port,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill(endSignal);
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
