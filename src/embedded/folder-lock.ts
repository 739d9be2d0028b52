import { createHash } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Another live process, or another server in this one, holds the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';

  constructor(readonly folder: string) {
    super(`${folder} is in use by another process; stop it, or name another data folder`);
  }
}

/**
 * Takes a folder for this process alone, creating it if need be. The lock is a listening local
 * socket, so it ends with the process however that dies, and a restart never meets a stale lock.
 *
 * @returns gives the folder back
 * @throws FolderInUse when someone else holds it
 */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  await mkdir(folder, { recursive: true });
  const address = addressOf(await realpath(folder));
  const server = (await listen(address)) ?? (await listenOverStale(address));
  if (!server) throw new FolderInUse(folder);
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
};

// Linux has abstract sockets and Windows has pipes: both vanish with their process. Elsewhere it is
// a file that outlives a crash.
const addressOf = (folder: string): string => {
  const name = `forkline-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
};

const listen = (address: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });

const listenOverStale = async (address: string): Promise<Server | undefined> => {
  if (address.startsWith('\0') || process.platform === 'win32') return undefined;
  if (await isAnswered(address)) return undefined;
  await rm(address, { force: true });
  return listen(address);
};

const isAnswered = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
