import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import type { Heard, ToListeners } from './listeners-process.js';
import { wantOf } from './wants.js';
import type { ToWriter, Wrote } from './writer-process.js';

/**
 * How many clients with different filters, and how many requests change something, of which every third
 * submits so many tasks together; and how many events come a second (0: as many as can be).
 */
export type Load = Readonly<{
  clients: number;
  requests: number;
  perSecond: number;
  tasksTogether: number;
}>;

export type Told = Readonly<{
  /** What each client was to be told, by what its filter says of the events in the store, and what it was. */
  clients: readonly Readonly<{ expected: readonly string[]; heard: Heard }>[];
  /** What was told the client that never reads, before it was closed, and all that it asked for. */
  idle: Readonly<{ expected: readonly string[]; heard: Heard }>;
  events: number;
  /** From the first change to the answer to the last, and to the last event's having been told. */
  wroteMs: number;
  toldMs: number;
  /** What the program used of the processor meanwhile, in milliseconds. */
  cpuMs: number;
}>;

const sessionCount = 40;
const clientsAProcess = 500;

const start = (file: string): ChildProcess => fork(fileURLToPath(new URL(file, import.meta.url)));

const asked = async <Answer>(child: ChildProcess, what: ToListeners | ToWriter) => {
  child.send(what);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process ended')));
  ended.catch(() => undefined);
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
  return answer;
};

const sessions = Array.from(
  { length: sessionCount },
  (_, n) => `0190a000-0000-7000-8000-${`${n}`.padStart(12, '0')}`,
);

/** Every event after a position, from the store itself. */
const eventsAfter = async (url: string, after: number): Promise<readonly StoredEvent[]> => {
  const store = connectEventStore(url);
  const subscription = store.subscribe(after);
  const events: StoredEvent[] = [];
  for await (const item of subscription) {
    if (!('position' in item)) break;
    events.push(item);
  }
  subscription.close();
  await store.close();
  return events;
};

/**
 * Runs the program with many clients, the writer, the stores and the clients each in processes of their
 * own, and gives what each client was told.
 *
 * @param cpuOf milliseconds of the processor that a process has used
 */
export const tellManyFilters = async (
  { clients, requests, perSecond, tasksTogether }: Load,
  cpuOf: (pid: number) => Promise<number> = async () => 0,
): Promise<Told> => {
  const folder = await temporaryFolder();
  const stores = await startSharedStores(folder);
  const children: ChildProcess[] = [];
  const settings = { ...stores.settings, RATE_LIMIT_FEED: '0', RATE_LIMIT_WRITES: '0' };
  const program = await startProgram(folder, settings);
  try {
    const { url, process: server } = program;
    const asker = { url, sessions, perSecond, tasksTogether };
    const startListening = async (wants: readonly object[], isIdle: boolean) => {
      const child = start('listeners-process.js');
      children.push(child);
      await asked(child, { url, wants, isIdle } as ToListeners);
      return child;
    };
    const writer = start('writer-process.js');
    children.push(writer);
    await asked(writer, { ...asker, requests: 0 });
    const head = connectEventStore(stores.eventStoreUrl);
    const before = await head.head();
    await head.close();

    const wants = Array.from({ length: clients }, (_, n) => wantOf(n, sessions));
    const idle = await startListening([{ filter: {} }], true);
    const listening: { child: ChildProcess; wants: typeof wants }[] = [];
    for (let n = 0; n < clients; n += clientsAProcess) {
      const some = wants.slice(n, n + clientsAProcess);
      const shown = some.map(({ user, filter }) => ({ user, filter }));
      listening.push({ child: await startListening(shown, false), wants: some });
    }

    const usedBefore = await cpuOf(server.pid ?? 0);
    const began = performance.now();
    const { ms: wroteMs } = await asked<Wrote>(writer, { ...asker, requests });
    const events = await eventsAfter(stores.eventStoreUrl, before);
    const positionsOf = (isWanted: (event: StoredEvent) => boolean) =>
      events.filter(isWanted).map(({ position }) => `${position}`);
    const told = await Promise.all(
      listening.map(async ({ child, wants }) => {
        const all = wants.map(({ isWanted }) => positionsOf(isWanted));
        const expected = all.map(({ length }) => length);
        const heard = await asked<readonly Heard[]>(child, { expected });
        return all.map((expected, n) => ({ expected, heard: heard[n] ?? nothing }));
      }),
    );
    const toldMs = performance.now() - began;
    const cpuMs = (await cpuOf(server.pid ?? 0)) - usedBefore;
    const [heard = nothing] = await asked<readonly Heard[]>(idle, { expected: [events.length] });
    return {
      ...{ clients: told.flat(), events: events.length, wroteMs, toldMs, cpuMs },
      idle: { expected: positionsOf(() => true), heard },
    };
  } finally {
    for (const child of children) child.disconnect();
    await program.stop();
    await stores.stop();
    await removeFolder(folder);
  }
};

const nothing: Heard = { positions: [], closed: undefined };
