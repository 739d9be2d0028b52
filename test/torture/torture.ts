import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectStores } from '../projecting/support/stores.js';
import { startSharedStores } from '../support/program.js';
import { checkAll, deliveriesIn } from './check.js';
import { expectedOf } from './checks/feeds.js';
import type { Finding } from './checks/finding.js';
import { startInjection } from './faults/inject.js';
import { planFaults } from './faults/plan.js';
import { startWorld, type World } from './faults/world.js';
import { readHistory } from './history.js';
import { type Load, startLoad } from './load/load.js';
import { startReceiver } from './load/receiver.js';
import { type Log, openLog, readLog } from './log.js';
import { type LogLine, linesOf } from './log-lines.js';
import { untilSettled } from './settle.js';

export type TortureOptions = Readonly<{
  /** Where everything of the run is kept. */
  folder: string;
  seed: number;
  seconds: number;
  nodes: number;
  users: number;
  clientsEach: number;
  /** How many faults there are in a minute, on average. */
  faults: number;
  /** Aborted when the load is to end before its time. */
  stopping: AbortSignal;
  /** Told what is being done, and how far that is, from 0 to 1. */
  tell(doing: string, share: number): void;
}>;

/** What a run did and what the checks found. */
export type Tortured = Readonly<{
  log: readonly LogLine[];
  events: number;
  streams: number;
  findings: readonly Finding[];
  /** How many bytes of answers were lost on their way, on purpose. */
  lostBytes: number;
}>;

/** How long feeds may take to tell what is left once nothing happens any more, in milliseconds. */
const feedPatienceMs = 60_000;

/** Puts the program under load and faults, then checks what it has to show for it. */
export const torture = async (options: TortureOptions): Promise<Tortured> => {
  const { folder, seed, seconds, nodes, users, clientsEach, faults, stopping, tell } = options;
  const log = openLog(folder);
  const onIncident = (what: string): void => log.note({ log: 'incident', what });
  tell('starting', 0);
  const receiver = await startReceiver(seed, log);
  const world = await startWorld({ folder, nodes, onIncident });
  const abandon = (): void => world.abandon();
  process.once('exit', abandon);
  try {
    const urls = world.nodeUrls;
    const load = startLoad({ seed, users, clientsEach, urls, receiver: receiver.url, log });
    const lengthMs = seconds * 1_000;
    const planned = planFaults(seed, world.targets, lengthMs, faults);
    await writeFile(join(folder, 'faults.json'), JSON.stringify(planned, null, 2));
    const injection = startInjection(world, planned, log);

    const began = performance.now();
    for (let ms = 0; ms < lengthMs && !stopping.aborted; ms = performance.now() - began) {
      tell(`${injection.begun()} faults`, ms / lengthMs);
      await delay(200, undefined, { signal: stopping }).catch(() => {});
    }
    tell('ending the faults', 1);
    await injection.stop();
    tell('ending the clients', 1);
    await load.stopClients();
    await settle(world, load, log, tell);
    load.stopFollowers();

    tell('ending the nodes', 1);
    for (const [node, code] of await world.stopNodes())
      if (code !== 0) onIncident(`${node} was asked to end, and did so with ${code}`);
    await receiver.stop();
    tell('checking', 1);
    const lostBytes = [...world.links.values()].reduce((sum, link) => sum + link.lost(), 0);
    return { ...(await checkRun(folder, world.storeUrls())), lostBytes };
  } finally {
    process.off('exit', abandon);
    await world.stop();
    log.close();
  }
};

/** Waits until nothing is left to happen and everybody was told. */
const settle = async (
  world: World,
  load: Load,
  log: Log,
  tell: TortureOptions['tell'],
): Promise<void> => {
  const { eventStore, mongo } = world.storeUrls();
  const clients = await connectStores(eventStore, mongo);
  const left = await untilSettled(clients, (what) => tell(`settling: ${what}`, 1));
  await clients.close();
  if (left !== undefined) log.note({ log: 'incident', what: `did not settle: ${left}` });
  tell('ending the workers', 1);
  await load.stopWorkers();

  tell('waiting for the feeds', 1);
  const history = await readHistory(eventStore);
  const begun = linesOf(await readLog(world.folder), 'feed');
  const last = new Map(
    begun.map(({ feed, user, filter }) => [
      feed,
      expectedOf(history, user, filter).at(-1)?.position ?? -1,
    ]),
  );
  const giveUp = performance.now() + feedPatienceMs;
  const isBehind = () =>
    load.followers.some(({ name, position }) => position() < (last.get(name) ?? -1));
  while (isBehind() && performance.now() < giveUp) await delay(100);
  log.note({ log: 'fed-through', position: history.events.at(-1)?.position ?? -1 });
};

type StoreUrls = Readonly<{ eventStore: string; mongo: string }>;

/** Checks a run by what is in its folder and its stores. */
const checkRun = async (
  folder: string,
  { eventStore, mongo }: StoreUrls,
): Promise<Omit<Tortured, 'lostBytes'>> => {
  const clients = await connectStores(eventStore, mongo);
  try {
    const history = await readHistory(eventStore);
    const log = await readLog(folder);
    const deliveries = await deliveriesIn(clients);
    const findings = await checkAll({ history, log, deliveries }, clients);
    return { log, findings, events: history.events.length, streams: history.streams.size };
  } finally {
    await clients.close();
  }
};

/** Checks a run again whose folder was kept. @throws Error when there is none in the folder */
export const checkAgain = async (folder: string): Promise<Tortured> => {
  const { eventStoreUrl, mongoUrl, stop } = await startSharedStores(folder);
  try {
    return {
      ...(await checkRun(folder, { eventStore: eventStoreUrl, mongo: mongoUrl })),
      lostBytes: 0,
    };
  } finally {
    await stop();
  }
};
