import { type ChildProcess, fork } from 'node:child_process';
import { on } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromClients, ToClients } from './clients-process.js';
import type { Asked } from './served.js';

/** How events come: so many in each write, and so many on their way before all clients have the first. */
export type Shape = Readonly<{ burst: number; flight: number }>;

/** What it took to tell some events, in milliseconds. */
export type Took = Readonly<{ ms: number; cpuMs: number }>;

/** One of the servers with its clients. */
export type Side = Readonly<{
  /** What an idle client takes, in KiB. */
  kib: number;
  /** Tells so many events, and gives what that took. */
  run(events: number, shape: Shape): Promise<Took>;
  stop(): void;
}>;

/** Has a server told of so many events. */
export type Write = (count: number) => Promise<void>;

export const startProcess = (
  file: string,
  args: readonly string[],
  execArgv: readonly string[] = [],
): ChildProcess =>
  fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: [...execArgv] });

/** What a process says, nothing of it missed. @throws Error when it has lost a client or ended */
type Answers = <Answer>() => Promise<Answer>;

const answersOf = (child: ChildProcess): Answers => {
  const over = new AbortController();
  child.once('exit', () => over.abort());
  const messages = on(child, 'message', { signal: over.signal });
  return async () => {
    const { value } = await messages.next();
    if (value[0] === 'lost') throw new Error('a client was disconnected');
    return value[0];
  };
};

/** Connects so many clients to a server. */
export const startSide = async (
  server: ChildProcess,
  open: number,
  ids: ToClients['ids'],
  write: Write,
): Promise<Side> => {
  const fromServer = answersOf(server);
  const usage = (what: 'cpu' | 'memory'): Promise<number> => {
    server.send(what satisfies Asked);
    return fromServer();
  };
  const { port } = await fromServer<{ port: number }>();
  const clients = startProcess('clients-process.js', []);
  const fromClients = answersOf(clients);
  const before = await usage('memory');
  clients.send({ open, port, ids } satisfies ToClients);
  await fromClients<FromClients>();
  const kib = ((await usage('memory')) - before) / open / 1024;
  let written = 0;
  let arrived = 0;
  const tell = async (events: number, { burst, flight }: Shape): Promise<void> => {
    const target = written + events;
    while (arrived < target) {
      for (; written < Math.min(target, arrived + flight); written += burst) void write(burst);
      const said = await fromClients<FromClients>();
      if (typeof said === 'object') arrived = said.arrived;
    }
  };
  return {
    kib,
    run: async (events, shape) => {
      const cpuMs = await usage('cpu');
      const began = performance.now();
      await tell(events, shape);
      const ms = performance.now() - began;
      return { ms, cpuMs: (await usage('cpu')) - cpuMs };
    },
    stop: () => {
      for (const child of [clients, server]) child.disconnect();
    },
  };
};
