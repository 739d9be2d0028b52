import { randomInt } from 'node:crypto';
import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { withLineage } from '../../../src/eventstore/lineage.js';
import {
  type Program,
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';
import { idOf, textOf, writeSession } from '../core/support/traffic.js';
import { post } from '../queue/post.js';
import { folderSize } from '../replay/support/folder-size.js';
import { median } from '../replay/support/median.js';
import { type Growth, growthOf, ratiosOf } from './growth.js';

/** How the events of a store lie: in ten streams that grow, or in more and more streams of ten events. */
export type Layout = 'events in 10 streams' | 'events in streams of 10';

const shortLength = 10;
const fewStreams = 10;
const eventsAtOnce = 1_000;
const startsEach = 5;

type Filled = Readonly<{ folder: string; sessions: number; length: number; head: number }>;

const sessionOf = (n: number): string => idOf(`session ${n}`, n);

/** Appends what commands would have written, many events at a time, past all read models. */
const fill = async (layout: Layout, events: number): Promise<Filled> => {
  const folder = await temporaryFolder();
  const stores = await startSharedStores(folder);
  const store = connectEventStore(stores.eventStoreUrl);
  const streams = withLineage(store);
  const [sessions, length] =
    layout === 'events in 10 streams'
      ? [fewStreams, events / fewStreams]
      : [events / shortLength, shortLength];
  let begun = 0;
  const writer = async () => {
    while (begun < sessions)
      await writeSession(streams, sessionOf(begun++), length - 1, eventsAtOnce);
  };
  await Promise.all(Array.from({ length: 32 }, writer));
  const head = await store.head();
  await store.close();
  await stores.stop();
  return { folder, sessions, length, head };
};

const read = async ({ url }: Program, path: string): Promise<void> => {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
};

const caughtUp = async (program: Program, { head }: Filled): Promise<void> => {
  const path = `/v1/sessions/${sessionOf(0)}/messages?limit=1&after=${head}`;
  await read(program, path).catch(() => caughtUp(program, { head } as Filled));
};

/**
 * What basic operations cost a program over HTTP with so many events in its stores, all sizes running
 * beside one another and taking turns.
 *
 * @param tell is given what is being done
 */
export const storeGrowth = async (
  layout: Layout,
  sizes: readonly number[],
  rounds: number,
  tell: (line: string) => void,
): Promise<readonly Growth[]> => {
  const filled = new Map<number, Filled>();
  const firsts: number[] = [];
  for (const size of sizes) {
    tell(`writing ${size} ${layout} …`);
    const written = await fill(layout, size);
    const program = await startProgram(written.folder);
    tell(`folding ${size} events …`);
    await caughtUp(program, written);
    firsts.push(await firstMessages(program, written));
    await program.stop();
    filled.set(size, written);
  }
  const of = (size: number): Filled => filled.get(size) as Filled;
  const starts = await timedStarts(sizes, of);
  const disk: number[] = [];
  for (const size of sizes) disk.push((await folderSize(of(size).folder)) / size);

  const programs = new Map<number, Program>();
  for (const size of sizes) programs.set(size, await startProgram(of(size).folder));
  const at = (size: number): Program => programs.get(size) as Program;
  // Any of them, so that a store of many streams is asked for streams that nobody has asked for lately.
  const any = (size: number): string => sessionOf(randomInt(of(size).sessions));
  const say = (size: number, round: number) =>
    post<{ position: string }>(at(size).url, `/v1/sessions/${any(size)}/messages`, {
      ...{ role: 'user', content: textOf(round) },
    });
  const operations = {
    'post a message': say,
    'post a message and read it': async (size: number, round: number) => {
      const { position } = await say(size, round);
      await read(at(size), `/v1/sessions/${any(size)}/messages?limit=1&after=${position}`);
    },
    'state at the middle': (size: number) => {
      const middle = Math.floor(of(size).length / 2);
      return read(at(size), `/v1/streams/session-${any(size)}/state?at=${middle}`);
    },
    'page of 50 sessions': (size: number) => read(at(size), '/v1/sessions?limit=50'),
    'page of 50 messages': (size: number) =>
      read(at(size), `/v1/sessions/${any(size)}/messages?limit=50`),
    'fork at the middle': (size: number) =>
      post(at(size).url, `/v1/streams/session-${any(size)}/forks`, {
        at: Math.floor(of(size).length / 2),
      }),
  };
  tell('measuring …');
  const grown = await growthOf(layout, sizes, operations, rounds);
  for (const size of sizes) {
    await at(size).stop();
    await removeFolder(of(size).folder);
  }
  const smallest = disk[0] ?? Number.NaN;
  return [
    ...grown,
    {
      what: 'first message to a stream just folded',
      ...{ against: layout, sizes, ms: firsts, ratios: ratiosOf(firsts) },
    },
    { what: 'start of the program', against: layout, sizes, ms: starts, ratios: ratiosOf(starts) },
    {
      what: 'bytes on disk an event (not ms)',
      ...{ against: layout, sizes, ms: disk, ratios: disk.map((bytes) => bytes / smallest) },
    },
  ];
};

/**
 * What a message to a stream takes that no command has been at, in the moment in which read models have
 * folded everything: its snapshots may be on their way. Median milliseconds of some streams.
 */
const firstMessages = async ({ url }: Program, { sessions }: Filled): Promise<number> => {
  const times: number[] = [];
  for (let n = 0; n < Math.min(sessions, fewStreams); n++) {
    const began = performance.now();
    const message = { role: 'user', content: textOf(n) };
    await post(url, `/v1/sessions/${sessionOf(n)}/messages`, message);
    times.push(performance.now() - began);
  }
  return median(times);
};

const timedStarts = async (
  sizes: readonly number[],
  of: (size: number) => Filled,
): Promise<readonly number[]> => {
  const times = sizes.map((): number[] => []);
  for (let round = 0; round < startsEach; round++)
    for (const [n, size] of sizes.entries()) {
      const began = performance.now();
      const program = await startProgram(of(size).folder);
      times[n]?.push(performance.now() - began);
      await program.stop();
    }
  return times.map(median);
};
