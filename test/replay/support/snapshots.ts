import { deepStrictEqual } from 'node:assert/strict';
import type { Db } from 'mongodb';
import { pino } from 'pino';
import type { Decider, Fact } from '../../../src/domain/decider.js';
import { fold } from '../../../src/eventstore/fold.js';
import type { Streams } from '../../../src/eventstore/lineage.js';
import { load, withKeys } from '../../../src/eventstore/load.js';
import { countOf, entriesOf, headOf, type Loaded } from '../../../src/eventstore/partial.js';
import type { Snapshots } from '../../../src/eventstore/snapshots.js';
import {
  keepSnapshots,
  type SnapshotKeeper,
  snapshotKinds,
} from '../../../src/projecting/snapshot-keeper.js';
import { type SnapshotOptions, snapshotsIn } from '../../../src/projecting/snapshot-store.js';

/** Snapshots in a database, with the keeper that makes them. */
export type TestSnapshots = Snapshots & Readonly<{ keeper: SnapshotKeeper }>;

export const openSnapshots = async (
  db: Db,
  streams: Streams,
  options: SnapshotOptions = {},
): Promise<TestSnapshots> => {
  const store = snapshotsIn(db, options);
  await store.prepare(snapshotKinds);
  const keeper = keepSnapshots(streams, store, pino({ level: 'silent' }));
  return { ...store, missed: keeper.missed, keeper };
};

/** Makes every snapshot of a stream up to a revision. */
export const keptThrough = async (
  { keeper }: TestSnapshots,
  stream: string,
  revision: number,
): Promise<void> => {
  keeper.missed(stream, revision);
  await keeper.settled();
};

/** Expects a state with some of its entries to be the whole one, as far as it says anything. */
export const expectPartOf = <State extends object, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  state: State,
  whole: State,
  keys: readonly string[],
): void => {
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
  deepStrictEqual(plain(headOf(decider, state)), plain(headOf(decider, whole)));
  const [some, all] = [entriesOf(decider, state), entriesOf(decider, whole)];
  for (const key of new Set([...keys, ...some.keys()])) {
    deepStrictEqual(some.has(key), all.has(key));
    deepStrictEqual(some.get(key), all.get(key));
  }
};

/** Expects what is loaded of a stream as of a revision to be what folding every event leads to; gives it. */
export const expectLoadedAsFolded = async <State extends object, Event extends Fact>(
  sources: Readonly<{ streams: Streams; snapshots: Snapshots }>,
  decider: Decider<never, State, Event, unknown>,
  stream: string,
  { through, keys }: Readonly<{ through?: number; keys: readonly string[] }>,
): Promise<Loaded<State>> => {
  const upTo = through === undefined ? {} : { through };
  const whole = await fold(sources.streams, decider, stream, upTo);
  const count = entriesOf(decider, whole.state).size;
  const bare = await load(sources, decider, stream, upTo);
  deepStrictEqual(
    [bare.revision, bare.position, bare.base],
    [whole.revision, whole.position, whole.base],
  );
  expectPartOf(decider, bare.state, whole.state, []);
  const asked = await load(sources, decider, stream, { ...upTo, keys });
  const askedLater = await withKeys(sources, decider, stream, bare, keys);
  for (const { state, outset } of [asked, askedLater]) {
    deepStrictEqual(countOf(decider, { state, ...(outset && { outset }) }), count);
    expectPartOf(decider, state, whole.state, keys);
  }
  return asked;
};
