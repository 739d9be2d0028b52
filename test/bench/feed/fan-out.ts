import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEventStore } from '../../../src/embedded/eventstore/start.js';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { eventView } from '../../../src/replay/event-view.js';
import { eventOf } from '../../feed/support/events.js';
import type { Asked } from './served.js';
import { type Shape, type Side, startProcess, startSide, type Write } from './sides.js';

// What a client of the feed costs, against servers that broadcast with `ws` and frame each message once
// for all, in turns: the ratio says what the feed costs, whatever else the machine does meanwhile.
// node dist/test/bench/feed/fan-out.js [--clients 100,1000,5000] [--shapes bursts,singles,alone] [--peers plain,joined,stored]
//   [--deliveries 100000] [--turns 3] [--ids own] [--profile]
// 5,000 clients take 5,000 file descriptors in each of two processes: see `ulimit -n`.

const { values: asked } = parseArgs({
  options: {
    clients: { type: 'string', default: '100,1000,5000' },
    shapes: { type: 'string', default: 'bursts,singles,alone' },
    peers: { type: 'string', default: 'plain,joined,stored' },
    /** Deliveries measured in each turn. */
    deliveries: { type: 'string', default: '100000' },
    turns: { type: 'string', default: '3' },
    /** Whether clients all use the same subscription id, or each its own. */
    ids: { type: 'string', default: 'one' },
    /** Writes a CPU profile of each server. */
    profile: { type: 'boolean', default: false },
  },
});
const turns = Number(asked.turns);
const ids = asked.ids === 'own' ? 'own' : 'one';

const known: Readonly<Record<string, Shape>> = {
  /** Ten events in each append, sixteen appends on their way. */
  bursts: { burst: 10, flight: 160 },
  /** One event in each append, 64 on their way. */
  singles: { burst: 1, flight: 64 },
  /** One event, and the next once every client has it: nothing can be sent together. */
  alone: { burst: 1, flight: 1 },
};
const shapes = asked.shapes.split(',').map((name) => ({ name, ...(known[name] ?? fail(name)) }));

const data = {
  messageId: '0190a000-0000-7000-8000-000000000002',
  role: 'user',
  content: 'x'.repeat(300),
};

/** A store, and what writes to it: each burst to a stream of its own, so that several are written at a time. */
const startStore = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
  const eventStore = await startEventStore({ dataDir });
  const store = connectEventStore(eventStore.url);
  let streams = 0;
  const append: Write = async (count) => {
    const stream = `session-0190a000-0000-7000-8000-${`${streams++}`.padStart(12, '0')}`;
    const events = Array.from({ length: count }, () => eventOf('Said', data, stream));
    await store.append(stream, events, 'none');
  };
  await append(1);
  return {
    ...{ url: eventStore.url, store, append },
    stop: async () => {
      await store.close();
      await eventStore.stop();
      await rm(dataDir, { recursive: true });
    },
  };
};

const stores = { feed: await startStore(), stored: await startStore() };

/** What the feed says about such an event. */
const messages: string[] = [];
for await (const event of stores.feed.store.read('session-0190a000-0000-7000-8000-000000000000'))
  messages.push(JSON.stringify({ op: 'event', id: 'feed', event: eventView(event) }));
const [message = ''] = messages;

const execArgv = [
  '--expose-gc',
  ...(asked.profile ? ['--cpu-prof', '--cpu-prof-dir=profiles'] : []),
];

const startFeed = (count: number): Promise<Side> => {
  const server = startProcess('feed-process.js', [stores.feed.url], execArgv);
  return startSide(server, count, ids, stores.feed.append);
};

/** A server that the bench tells what to send. */
const startTold = (count: number, ...args: readonly string[]): Promise<Side> => {
  const server = startProcess('broadcast-process.js', args, execArgv);
  return startSide(server, count, ids, async (events) => {
    server.send({ send: Array.from({ length: events }, () => message) } satisfies Asked);
  });
};

const startStored = (count: number): Promise<Side> => {
  const args = ['--joined', '--store', stores.stored.url];
  const server = startProcess('broadcast-process.js', args, execArgv);
  return startSide(server, count, ids, stores.stored.append);
};

const starts: Readonly<Record<string, (count: number) => Promise<Side>>> = {
  /** Writes each message to each client when it is told of it. */
  plain: startTold,
  /** Writes what it is told in one turn to each client in one go. */
  joined: (count) => startTold(count, '--joined'),
  /** Likewise, of what it hears from a store through the store's own client. */
  stored: startStored,
};
const peers = asked.peers.split(',').map((name) => ({ name, start: starts[name] ?? fail(name) }));

function fail(name: string): never {
  throw new Error(`there is no ${name}`);
}

const measure = async (shape: Shape, count: number, sides: readonly Side[]) => {
  const { burst } = shape;
  const events = Math.ceil(Number(asked.deliveries) / count / burst) * burst;
  const times = sides.map(() => ({ ms: 0, cpuMs: 0 }));
  for (let turn = 0; turn <= turns; turn++)
    for (const [n, side] of sides.entries()) {
      const { ms, cpuMs } = await side.run(events, shape);
      const time = times[n];
      // The first turn warms up.
      if (time && turn > 0) {
        time.ms += ms;
        time.cpuMs += cpuMs;
      }
    }
  const deliveries = count * events * turns;
  return times.map(({ ms, cpuMs }) => ({
    perSecond: Math.round((deliveries / ms) * 1_000),
    microseconds: Number(((cpuMs * 1_000) / deliveries).toFixed(2)),
  }));
};

for (const count of asked.clients.split(',').map(Number)) {
  const feed = await startFeed(count);
  const sides: Side[] = [];
  for (const { start } of peers) sides.push(await start(count));
  for (const { name, ...shape } of shapes) {
    const [ours, ...theirs] = await measure(shape, count, [feed, ...sides]);
    if (!ours) throw new Error('nothing was measured');
    const compared = theirs.flatMap(({ perSecond, microseconds }, n) => {
      const peer = peers[n]?.name;
      const ratio = Number((ours.perSecond / perSecond).toFixed(2));
      const cpuRatio = Number((microseconds / ours.microseconds).toFixed(2));
      return [[peer, { perSecond, ratio, 'µs of CPU each': microseconds, 'CPU ratio': cpuRatio }]];
    });
    const row = {
      ...{ clients: count, shape: name, 'feed: deliveries/s': ours.perSecond },
      ...{ 'µs of CPU each': ours.microseconds, 'KiB a client': Number(feed.kib.toFixed(1)) },
      ...Object.fromEntries(compared),
    };
    process.stdout.write(`${JSON.stringify(row)}\n`);
  }
  for (const { stop } of [feed, ...sides]) stop();
}
for (const { stop } of Object.values(stores)) await stop();
