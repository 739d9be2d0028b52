import type { Db } from 'mongodb';
import { type StoredEvent, tombstoneType } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Models } from './models.js';
import type { AnyProjection } from './projection.js';
import { readModel } from './read-model.js';

type Options = Readonly<{
  db: Db;
  streams: Streams;
  projections: readonly AnyProjection[];
  models: Models;
}>;

/**
 * Removes what came of streams that are deleted for good from collections that are only kept for
 * going back to: nothing else is done to these, and what is to be gone must not lie there.
 */
export const forgettingKept =
  ({ db, streams, projections, models }: Options) =>
  async (events: readonly StoredEvent[]): Promise<void> => {
    const ends = events.filter(({ type }) => type === tombstoneType);
    if (ends.length === 0) return;
    const known = await models.load(projections);
    for (const projection of projections) {
      const kept = known.find(({ name }) => name === projection.name)?.previous;
      if (!kept || projection.spans) continue;
      await readModel(db, projection, streams, kept.collection).apply(ends);
    }
  };
