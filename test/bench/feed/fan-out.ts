import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { eventView } from '../../../src/replay/event-view.js';
import { eventOf } from '../../feed/support/events.js';
import type { ToClients } from './clients-process.js';
import type { Asked } from './served.js';

// What a client of the feed costs, against a server that broadcasts with `ws` and frames each message
// once for all, in turns: the ratio says what the feed costs, whatever else the machine does meanwhile.
// node dist/test/bench/feed/fan-out.js [--clients 100,1000,5000] [--burst 1] [--flight 1] [--ids own] [--profile]
// 5,000 clients take 5,000 file descriptors in each of two processes: see `ulimit -n`.

const { values: asked } = parseArgs({
  options: {
    clients: { type: 'string', default: '100,1000,5000' },
    /** Deliveries measured in each turn. */
    deliveries: { type: 'string', default: '300000' },
    turns: { type: 'string', default: '3' },
    /** How many events are written at a time. */
    burst: { type: 'string', default: '10' },
    /** How many such are on their way before the first has reached all clients. */
    flight: { type: 'string', default: '16' },
    /** Whether clients all use the same subscription id, or each its own. */
    ids: { type: 'string', default: 'one' },
    /** Writes a CPU profile of the feed. */
    profile: { type: 'boolean', default: false },
  },
});
const burst = Number(asked.burst);
const turns = Number(asked.turns);
const ids = asked.ids === 'own' ? 'own' : 'one';
const inFlight = Number(asked.flight);

const start = (file: string, execArgv: readonly string[], ...args: string[]) =>
  fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: [...execArgv] });

const answer = async <Answer>(child: ChildProcess): Promise<Answer> => {
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(() => ['lost']);
  const [said] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
  over.abort();
  ended.catch(() => {});
  if (said === 'lost') throw new Error('a client was disconnected, or a process ended');
  return said;
};

const usageOf = async (server: ChildProcess, what: 'cpu' | 'memory'): Promise<number> => {
  server.send(what satisfies Asked);
  return answer(server);
};

const ask = async (clients: ChildProcess, what: ToClients): Promise<void> => {
  clients.send(what);
  await answer(clients);
};

/** One of the two servers with its clients. */
type Side = Readonly<{
  server: ChildProcess;
  clients: ChildProcess;
  kib: number;
  /** Tells so many events, and gives what that took. */
  run(events: number): Promise<Readonly<{ ms: number; cpuMs: number }>>;
  stop(): void;
}>;

type Write = (count: number) => Promise<void>;

const startSide = async (
  server: ChildProcess,
  count: number,
  writeTo: (server: ChildProcess) => Write,
) => {
  const { port } = await answer<{ port: number }>(server);
  const clients = start('clients-process.js', []);
  const before = await usageOf(server, 'memory');
  await ask(clients, { open: count, port, ids });
  const after = await usageOf(server, 'memory');
  const write = writeTo(server);
  let written = 0;
  const side: Side = {
    ...{ server, clients, kib: (after - before) / count / 1024 },
    run: async (events) => {
      const cpuMs = await usageOf(server, 'cpu');
      const began = performance.now();
      const target = written + events;
      let arrived = written;
      while (arrived < target) {
        while (written < Math.min(target, arrived + inFlight * burst)) {
          void write(burst);
          written += burst;
        }
        arrived = Math.min(target, arrived + burst);
        await ask(clients, { awaited: arrived });
      }
      const ms = performance.now() - began;
      return { ms, cpuMs: (await usageOf(server, 'cpu')) - cpuMs };
    },
    stop: () => {
      for (const child of [clients, server]) child.disconnect();
    },
  };
  return side;
};

const dataDir = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
const eventStore = await startEventStore({ dataDir });
const store = connectEventStore(eventStore.url);
const data = {
  messageId: '0190a000-0000-7000-8000-000000000002',
  role: 'user',
  content: 'x'.repeat(300),
};
let streams = 0;

/** Each burst has a stream of its own, so that several are written at a time. */
const append = async (count: number) => {
  const stream = `session-0190a000-0000-7000-8000-${`${streams++}`.padStart(12, '0')}`;
  const events = Array.from({ length: count }, () => eventOf('Said', data, stream));
  await store.append(stream, events, 'none');
};
await append(1);

/** What the feed says about such an event. */
const messages: string[] = [];
for await (const event of store.read('session-0190a000-0000-7000-8000-000000000000'))
  messages.push(JSON.stringify({ op: 'event', id: 'feed', event: eventView(event) }));
const [message = ''] = messages;

const broadcastFrom =
  (server: ChildProcess): Write =>
  async (count) => {
    server.send({ send: Array.from({ length: count }, () => message) } satisfies Asked);
  };

const profiling = asked.profile ? ['--cpu-prof', '--cpu-prof-dir=profiles'] : [];
const rows = [];
for (const count of asked.clients.split(',').map(Number)) {
  const feed = await startSide(
    start('feed-process.js', ['--expose-gc', ...profiling], eventStore.url),
    count,
    () => append,
  );
  const bare = await startSide(
    start('broadcast-process.js', ['--expose-gc']),
    count,
    broadcastFrom,
  );
  const events = Math.ceil(Number(asked.deliveries) / count / burst) * burst;
  const sides = [feed, bare];
  const times = sides.map(() => ({ ms: 0, cpuMs: 0 }));
  for (let turn = 0; turn <= turns; turn++)
    for (const [n, side] of sides.entries()) {
      const { ms, cpuMs } = await side.run(events);
      const time = times[n];
      // The first turn warms up.
      if (time && turn > 0) {
        time.ms += ms;
        time.cpuMs += cpuMs;
      }
    }
  for (const { stop } of sides) stop();
  const deliveries = count * events * turns;
  const [ours, theirs] = times;
  if (!ours || !theirs) throw new Error('nothing was measured');
  const perSecond = ({ ms }: { ms: number }) => Math.round((deliveries / ms) * 1_000);
  const microseconds = ({ cpuMs }: { cpuMs: number }) => (cpuMs * 1_000) / deliveries;
  rows.push({
    clients: count,
    'feed: deliveries/s': perSecond(ours),
    'ws broadcast': perSecond(theirs),
    ratio: Number((theirs.ms / ours.ms).toFixed(2)),
    'feed: µs of CPU each': Number(microseconds(ours).toFixed(2)),
    broadcast: Number(microseconds(theirs).toFixed(2)),
    'CPU ratio': Number((theirs.cpuMs / ours.cpuMs).toFixed(2)),
    'feed: KiB a client': Number(feed.kib.toFixed(1)),
    'KiB there': Number(bare.kib.toFixed(1)),
  });
  process.stdout.write(`${JSON.stringify(rows.at(-1))}\n`);
}
await store.close();
await eventStore.stop();
await rm(dataDir, { recursive: true });
