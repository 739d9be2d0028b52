import { createServer, type Server, type Socket } from 'node:net';
import { lockFolder } from '../folder-lock.js';
import type { RunningServer } from '../server-thread.js';
import { Catalogue } from './catalogue.js';
import { type Context, writeWith } from './context.js';
import { Cursors } from './cursors.js';
import { dispatch } from './dispatch.js';
import { Documents } from './documents.js';
import { abandonIndex } from './index-building.js';
import type { MongoOptions } from './start.js';
import { Store } from './store.js';
import { formatReply, messageSplitter, parseMessage } from './wire.js';

const purgedAtOnce = 500;

// One at a time, and in small transactions, so that other writes come in between.
const purger = (context: () => Context) => {
  let running: Promise<void> | undefined;
  let isStopped = false;
  const run = async () => {
    const { catalogue } = context();
    while (!isStopped) {
      const [segment] = catalogue.leftSegments();
      if (segment === undefined) return;
      await writeWith(context(), () => catalogue.purgeSome(segment, purgedAtOnce));
    }
  };
  return {
    start: () => {
      // Where it fails nothing is lost: it is tried again after the next drop and at the next start.
      running ??= run()
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
        });
    },
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
};

/** What is under way, to be waited for. */
type Work = Set<Promise<unknown>>;

const serve = (socket: Socket, context: Context, work: Work) => {
  const split = messageSplitter();
  // A client that sends one command behind another has them carried out in turn.
  let turn: Promise<unknown> = Promise.resolve();
  const answer = async (message: Buffer) => {
    const request = parseMessage(message);
    const reply = await dispatch(context, request);
    if (!request.isUnanswered && !socket.destroyed) socket.write(formatReply(request, reply));
  };
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const message of split(chunk)) {
        // What cannot be read has no reply that fits it: the connection ends.
        turn = turn.then(() => answer(message)).catch(() => socket.destroy());
        work.add(turn);
        const done = turn;
        void turn.finally(() => work.delete(done));
      }
    } catch {
      socket.destroy();
    }
  });
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });

/** What the last process left: indexes that were being built, segments that were being removed. */
const tidyUp = async (context: Context) => {
  for (const { ns, indexes } of context.catalogue.list())
    for (const { name, isBuilding } of indexes)
      if (isBuilding) await abandonIndex(context, ns, name);
  context.purge();
};

/**
 * Starts the server in the thread it is called in.
 *
 * @throws FolderInUse when another process holds the data folder
 */
export const startServer = async ({ dataDir, port = 0 }: MongoOptions): Promise<RunningServer> => {
  const unlock = await lockFolder(dataDir);
  const store = new Store(dataDir);
  const catalogue = new Catalogue(store);
  const purge = purger(() => context);
  const context: Context = {
    store,
    catalogue,
    documents: new Documents(store, catalogue),
    cursors: new Cursors(Date.now),
    purge: purge.start,
    startedAt: new Date(),
  };
  const sockets = new Set<Socket>();
  const work: Work = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, context, work);
  });
  const closeAll = async () => {
    server.close();
    for (const socket of sockets) socket.pause();
    while (work.size > 0) await Promise.allSettled(work);
    for (const socket of sockets) socket.destroy();
    await purge.stop();
    context.cursors.close();
    await store.close();
    await unlock();
  };
  let closing: Promise<void> | undefined;
  try {
    await tidyUp(context);
    const listening = await listen(server, port);
    return {
      port: listening,
      stop: () => {
        closing ??= closeAll();
        return closing;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
};
