import type { Collection, Db } from 'mongodb';
import { StreamTombstoned, tombstoneType, unreadableType } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { applyDocuments } from './apply-documents.js';
import { applyRows } from './apply-rows.js';
import { copiesFor } from './archives.js';
import { byKey, concernsUnread, type StoredDocument, type StoredRow } from './fold-batch.js';
import { historyIn, type PassedOver, partsAtForks } from './history.js';
import type { AnyProjection, FromStream, Projected } from './projection.js';

/** An event that a projection needs has other data than its type says. */
class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';

  constructor({ data }: Projected) {
    super((data as { reason: string }).reason);
  }
}

/** A projection's collection, as the runner uses it. */
export type ReadModel = Readonly<{
  /** Makes the collection and its indexes, if they are not there. */
  prepare(): Promise<void>;
  /**
   * Folds a batch of events, in the order of their positions, into the documents. Doing so again,
   * or with some of the events in already, or beside someone else who does the same, leads to the same documents.
   *
   * @throws UnreadableEvent, or what the projection or its database throws: how many of the events are
   *   in then is not known
   */
  apply(events: readonly Projected[]): Promise<void>;
  /** Whether an event comes too late: its document has later ones in it, and would pass it over. */
  isPast(event: Projected): Promise<boolean>;
}>;

/** The collection of a projection's documents. */
export const collectionName = ({ name, version }: Pick<AnyProjection, 'name' | 'version'>) =>
  `${name}_v${version}`;

/**
 * The read model of a projection in a database.
 *
 * @param name of the collection; that of the projection's version by default
 * @param passedOver which events of an ancestor a fork does not inherit; none by default
 */
export const readModel = (
  db: Db,
  projection: AnyProjection,
  streams: Streams,
  name: string = collectionName(projection),
  passedOver?: PassedOver,
): ReadModel => {
  const collection = db.collection<StoredDocument>(name);
  const history = historyIn(db, projection, name, streams, passedOver);

  const fold = async (events: readonly Projected[]): Promise<void> => {
    const keyed = byKey(projection, events);
    if (keyed.size === 0) return;
    // The collection of a ranged projection has rows.
    if (projection.ranged)
      await applyRows(projection, collection as unknown as Collection<StoredRow>, keyed);
    else await applyDocuments({ projection, collection, history: history.collection }, keyed);
  };

  /** Whether a fork, or one that it descends from, was detached before an ancestor was deleted for good. */
  const isDetachedFrom = async (heir: string, ancestor: string): Promise<boolean> => {
    try {
      await streams.lookForDetached(heir);
      const ancestry = (await streams.ancestryOf(heir)) ?? [];
      return !ancestry.some((segment) => segment.stream === ancestor);
    } catch (error) {
      // It is gone itself, and so will be its documents.
      if (error instanceof StreamTombstoned) return false;
      throw error;
    }
  };

  /** Removes what came of a stream, and what forks of it began with. */
  const forget = async (stream: string): Promise<void> => {
    const gone = [stream];
    if (projection.inherits) {
      const heirs = collection.find({ ancestors: stream }).project<FromStream>({ stream: 1 });
      for await (const heir of heirs)
        if (!(await isDetachedFrom(heir.stream, stream))) gone.push(heir.stream);
      // The heirs are found by their documents, which so have to go last.
      await history.collection.deleteMany({ stream: { $in: gone } });
    }
    await collection.deleteMany({ stream: { $in: gone } });
  };

  return {
    prepare: async () => {
      const { indexes, ranged, inherits } = projection;
      const keys = indexes.map(({ key }) => ({ key: { ...key } }));
      await collection.createIndexes([
        ...keys,
        ...(ranged ? [{ key: { key: 1, to: 1 } }] : []),
        ...(inherits ? [{ key: { ancestors: 1 } }] : []),
      ]);
      if (inherits) await history.prepare();
    },
    isPast: async (event) => {
      const key = projection.key(event);
      const stored = key === undefined ? null : await collection.findOne({ _id: key });
      return stored !== null && stored.position > event.position;
    },
    apply: async (events) => {
      for (const event of events)
        if (event.type === unreadableType && concernsUnread(projection, event))
          throw new UnreadableEvent(event);
      if (projection.spans) return fold(events);
      for (const { events: part, ended } of partsAtEnds(events)) {
        if (projection.inherits)
          for (const each of partsAtForks(part)) {
            await history.keepCopied(copiesFor(projection, each));
            await fold(await history.withInherited(each));
          }
        else await fold(part);
        if (ended !== undefined) await forget(ended);
      }
    },
  };
};

type Part = Readonly<{ events: readonly Projected[]; ended?: string }>;

/** Splits a batch where streams were deleted for good. What such a stream had need not be folded to be removed. */
const partsAtEnds = (events: readonly Projected[]): readonly Part[] => {
  const parts: Part[] = [];
  let start = 0;
  for (const [index, { type, stream: ended }] of events.entries()) {
    if (type !== tombstoneType) continue;
    const part = events.slice(start, index).filter(({ stream }) => stream !== ended);
    parts.push({ events: part, ended });
    start = index + 1;
  }
  return [...parts, { events: start === 0 ? events : events.slice(start) }];
};
