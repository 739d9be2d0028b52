import { createServer, type Server, type Socket } from 'node:net';
import { lockFolder } from '../folder-lock.js';
import { loopback, type RunningServer } from '../server-thread.js';
import { Catalogue } from './catalogue.js';
import { serveConnection, type Work } from './connection.js';
import { type Context, writeWith } from './context.js';
import { Cursors } from './cursors.js';
import { Documents } from './documents.js';
import { abandonIndex } from './index-building.js';
import { createPurger } from './purging.js';
import type { MongoOptions } from './start.js';
import { Store } from './store.js';

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });

/** What the last process left: indexes that were being built, segments that were being removed. */
const tidyUp = async (context: Context) => {
  for (const { ns, indexes } of context.catalogue.list())
    for (const { name, isBuilding } of indexes)
      if (isBuilding) await abandonIndex(context, ns, name);
  await writeWith(context, () => context.catalogue.mark());
  context.purge();
};

const startOn = async (store: Store, port: number): Promise<RunningServer> => {
  const catalogue = new Catalogue(store);
  const purger = createPurger(() => context);
  const context: Context = {
    store,
    catalogue,
    documents: new Documents(store, catalogue),
    cursors: new Cursors(Date.now),
    purge: purger.start,
    startedAt: new Date(),
  };
  const sockets = new Set<Socket>();
  const work: Work = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, context, work);
  });
  const stop = async () => {
    server.close();
    for (const socket of sockets) socket.pause();
    while (work.size > 0) await Promise.allSettled(work);
    for (const socket of sockets) socket.destroy();
    await purger.stop();
    context.cursors.close();
    await store.close();
  };
  try {
    await tidyUp(context);
    return { port: await listen(server, port), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/**
 * Starts the server in the thread it is called in.
 *
 * @throws FolderInUse when another process holds the data folder
 */
export const startServer = async ({ dataDir, port = 0 }: MongoOptions): Promise<RunningServer> => {
  const unlock = await lockFolder(dataDir);
  try {
    const server = await startOn(new Store(dataDir), port);
    let stopping: Promise<void> | undefined;
    return {
      port: server.port,
      stop: () => {
        stopping ??= server.stop().finally(unlock);
        return stopping;
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
};
