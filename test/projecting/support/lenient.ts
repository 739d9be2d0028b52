import type { Db } from 'mongodb';
import { pino } from 'pino';
import { forgettingEnded } from '../../../src/projecting/forget-parked.js';
import { parkedEventsIn, parkedIn } from '../../../src/projecting/parked.js';
import type { AnyProjection } from '../../../src/projecting/projection.js';
import { type Runner, startRunner } from '../../../src/projecting/runner.js';
import { newEvent } from '../../support/new-events.js';
import { patience } from '../../support/until.js';
import type { TestStores } from './stores.js';

/** Runs projections on a database, putting aside what cannot be folded. */
export const startLenient = async (
  { store, streams }: TestStores,
  db: Db,
  projections: readonly AnyProjection[],
  batchSize = 1_000,
): Promise<Runner> => {
  const parked = parkedIn(db, store);
  await parked.prepare();
  const log = pino({ level: 'silent' });
  const follower = forgettingEnded(parked.forget);
  return startRunner({ store, streams, db, projections, parked, log, batchSize, follower });
};

/** A projection's parked events, in their order. */
export const parkedOf = (db: Db, name = 'counts_v1') =>
  parkedEventsIn(db)
    .find({ kind: 'projection', name, state: 'parked' })
    .sort({ position: 1 })
    .toArray();

/** All that is noted of parked events, discarded ones and what holds their keys included. */
export const notesIn = async (db: Db): Promise<readonly object[]> => [
  ...(await db.collection('parked').find().toArray()),
  ...(await db.collection('parked_lanes').find().toArray()),
];

export const documentsOf = (db: Db, name = 'counts_v1') =>
  db.collection<{ _id: string }>(name).find().sort({ _id: 1 }).toArray();

/** Appends events that count from a number on, under a key each; gives the position of the last. */
export const appendCounts = async (
  { store }: TestStores,
  stream: string,
  from: number,
  ...keys: readonly string[]
): Promise<number> => {
  const events = keys.map((key, index) => newEvent(from + index, { key }));
  return (await store.append(stream, events, from === 0 ? 'none' : from - 1)).position;
};

export const reached = (runner: Runner, position: number, name = 'counts') =>
  runner.progress(name).reached(position, patience);
