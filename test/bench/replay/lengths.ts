import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../../src/eventstore/event-store.js';
import { ask, send } from '../../support/api.js';
import { type Bench, startBench } from '../queue/support.js';
import { type LongStream, writeLong } from './support/long-streams.js';
import { median } from './support/median.js';
import { snapshotsThere } from './support/snapshots-there.js';
import { everyRevisions, type Work, worksOn } from './support/works.js';

export type LengthCosts = Readonly<{
  lengths: readonly number[];
  /** Medians in milliseconds, in the order of the lengths. */
  costs: readonly Readonly<{ what: string; medians: readonly number[] }>[];
  /** How many events a fork added to the store, on a stream of each length. */
  eventsOfAFork: readonly number[];
}>;

/**
 * What looking back and forking cost in the middle of streams of different lengths, over HTTP: the
 * program and its stores run as they do in production, each a process of its own.
 */
export const lengthCosts = async (
  lengths: readonly number[],
  rounds: number,
  tell: (line: string) => void,
): Promise<LengthCosts> => {
  const bench = await startBench();
  const store = connectEventStore(bench.eventStoreUrl);
  const costs = [];
  const eventsOfAFork: number[] = [];
  for (const category of ['session', 'execution'] as const) {
    const streams: LongStream[] = [];
    for (const length of lengths) streams.push(await written(bench, store, category, length, tell));
    const works = streams.map((stream) => worksOn(bench.url, stream));
    for (const { what } of works[0] ?? []) {
      const same = works.flatMap((all) => all.filter((work) => work.what === what));
      const medians = await mediansOf(same, streams, rounds);
      tell(`${what}: ${medians.map((ms) => ms.toFixed(2)).join(', ')} ms`);
      costs.push({ what, medians });
    }
    if (category === 'session')
      for (const stream of streams) eventsOfAFork.push(await addedByFork(bench, store, stream));
  }
  await store.close();
  await bench.stop();
  return { lengths, costs, eventsOfAFork };
};

const seconds = (since: number) => `${((performance.now() - since) / 1_000).toFixed(0)} s`;

/** A stream that the read models have, with the snapshots that the program makes of it. */
const written = async (
  bench: Bench,
  store: EventStore,
  category: LongStream['category'],
  length: number,
  tell: (line: string) => void,
): Promise<LongStream> => {
  const start = performance.now();
  const long = await writeLong(store, category, length);
  const writtenIn = seconds(start);
  const caughtUp = async (): Promise<void> => {
    // A query waits for its read model some seconds at most.
    const path = `/v1/streams/${long.stream}/lineage?after=${long.position}`;
    await ask(bench.url, path).catch(caughtUp);
  };
  await caughtUp();
  await snapshotsThere(bench.mongoUrl, long);
  tell(`${long.stream}: ${length} events written in ${writtenIn}, all ready in ${seconds(start)}`);
  return long;
};

/**
 * Revisions in the middle of a stream: another one each time, so that nothing is remembered from the
 * time before, and on long streams equally far from the snapshot below.
 */
const revisionIn = (length: number, round: number): number => {
  const middle = Math.floor(length / 2);
  return length > 2 * everyRevisions
    ? middle - (middle % everyRevisions) + (round % everyRevisions)
    : 1 + (round % (length - 2));
};

/** One stream after the other in turn, so that all meet the machine in the same mood. */
const mediansOf = async (
  works: readonly Work[],
  streams: readonly LongStream[],
  rounds: number,
): Promise<readonly number[]> => {
  const times: number[][] = streams.map(() => []);
  for (let round = -10; round < rounds; round++)
    for (const [index, { length }] of streams.entries()) {
      const run = await works[index]?.prepare(revisionIn(length, round + 10));
      const start = performance.now();
      await run?.();
      if (round >= 0) times[index]?.push(performance.now() - start);
    }
  return times.map(median);
};

/** How many events a fork adds, wherever in the store. Those of the store itself, such as where its consumers are, do not count. */
const addedByFork = async (
  { url }: Bench,
  store: EventStore,
  { stream, length }: LongStream,
): Promise<number> => {
  const before = await store.head();
  await send(url, `/v1/streams/${stream}/forks`, { at: Math.floor(length / 2) });
  let added = 0;
  for await (const { type } of store.subscribe(before)) {
    if (type === 'caughtUp') break;
    added += 1;
  }
  return added;
};
