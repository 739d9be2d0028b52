import { setFlagsFromString } from 'node:v8';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** The only address that embedded servers listen on: no other machine reaches them. */
export const loopback = '127.0.0.1';

/** A server that is listening. */
export type RunningServer = Readonly<{
  /** The TCP port it listens on. */
  port: number;
  /** Ends calls in flight, flushes, closes the storage. Safe to call twice. */
  stop(): Promise<void>;
}>;

/** A server in a thread of its own. `exited` settles when the thread is gone, with the error if one ended it. */
export type ServerThread = RunningServer & Readonly<{ exited: Promise<Error | undefined> }>;

/**
 * How large what is not young may become in a thread before all of it is collected, in MiB. What a store
 * keeps for seconds, its newest events and batches under way, is not young by then. With the few MiB that
 * V8 begins with, all was collected once or twice a second under load, and each time the compiled code of
 * functions that nobody held just then was dropped, to be compiled again.
 */
const collectedFromMb = 64;

type Report = { listening: number } | { failed: { name: string; message: string } };

/**
 * Starts a module in a worker thread and waits until it listens. The module must call {@link serveInThread}.
 *
 * @param entry the compiled module
 * @param options handed to its start function; plain data only
 * @throws what the start function threw, by name and message
 */
export const startServerThread = async (entry: URL, options: object): Promise<ServerThread> => {
  // No option of a worker says so. It is read when a thread begins, and what runs already goes on as it was;
  // while it is set Node compiles its own modules anew.
  setFlagsFromString(`--initial-old-space-size=${collectedFromMb}`);
  const worker = new Worker(entry, { workerData: options });
  worker.once('online', () => setFlagsFromString('--initial-old-space-size=0'));
  const exited = new Promise<Error | undefined>((resolve) => {
    worker.once('error', resolve);
    worker.once('exit', () => resolve(undefined));
  });
  const report = await Promise.race([
    new Promise<Report>((resolve) => worker.once('message', resolve)),
    exited.then((error): Report => {
      throw error ?? new Error(`${entry.pathname} ended before it listened`);
    }),
  ]);
  if ('failed' in report) {
    await worker.terminate();
    throw Object.assign(new Error(report.failed.message), { name: report.failed.name });
  }
  return {
    port: report.listening,
    exited,
    stop: async () => {
      worker.postMessage('stop');
      await exited;
    },
  };
};

/**
 * The other end of {@link startServerThread}: starts the server with the options given and reports
 * its port; stops it when asked, and with it the thread.
 */
export const serveInThread = <Options>(start: (options: Options) => Promise<RunningServer>) => {
  const parent = parentPort;
  if (!parent) throw new Error('this module is meant to run in a worker thread');
  const tell = (report: Report) => parent.postMessage(report);
  start(workerData as Options).then(
    (server) => {
      parent.once('message', () => {
        void server.stop().finally(() => parent.close());
      });
      tell({ listening: server.port });
    },
    (error: Error) => tell({ failed: { name: error.name, message: error.message } }),
  );
};
