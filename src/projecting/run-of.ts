import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { Streams } from '../eventstore/lineage.js';
import { withArchives } from './archives.js';
import { type LenientModel, lenientModel } from './lenient-model.js';
import type { Parked, ParkedOf } from './parked.js';
import type { Progress } from './progress.js';
import type { AnyProjection } from './projection.js';
import { type ReadModel, readModel } from './read-model.js';

/** A projection as the runner carries it on. */
export type Run = Readonly<{
  projection: AnyProjection;
  /** Of its collection. */
  name: string;
  model: ReadModel | LenientModel;
  lenient?: LenientModel;
  parked?: ParkedOf;
  progress: Progress;
  /** Whether the collection is another release's, which this one reads and must not write. */
  isForeign: boolean;
}>;

type Surroundings = Readonly<{ db: Db; streams: Streams; log: Logger; parked?: Parked }>;

/**
 * Puts together what folds events into one collection: a lenient model where there is a place for
 * parked events, else a strict one.
 */
export const runOf = (
  { db, streams, log, parked }: Surroundings,
  {
    projection,
    name,
    progress,
    isForeign,
  }: Pick<Run, 'projection' | 'name' | 'progress' | 'isForeign'>,
): Run => {
  const run = { projection, name, progress, isForeign };
  const folded = withArchives(projection);
  const parkedOf = parked?.of({ kind: 'projection', name });
  const strict = readModel(db, folded, streams, name, parkedOf?.discardedIn);
  if (!parkedOf) return { ...run, model: strict };
  const lenient = lenientModel({ projection: folded, model: strict, parked: parkedOf, log });
  return { ...run, model: lenient, lenient, parked: parkedOf };
};
