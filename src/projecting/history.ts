import type { Collection, Db } from 'mongodb';
import { type Origin, originOf, type StreamForked } from '../domain/fork.js';
import { StreamTombstoned } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { concerns, type Mark, step } from './fold-batch.js';
import type { AnyProjection, FromStream, Projected } from './projection.js';

/** What the documents of a projection were at earlier revisions. */
export type History = Readonly<{
  collection: Collection<Mark>;
  prepare(): Promise<void>;
  /** The events, those that begin forks with the ancestor's document. */
  withInherited(events: readonly Projected[]): Promise<readonly Projected[]>;
}>;

/** The ids of the events of a stream that a projection leaves out. */
export type PassedOver = (stream: string) => Promise<ReadonlySet<string>>;

const nothing: PassedOver = async () => new Set();

/**
 * Finds what an ancestor's document was: the nearest revision kept, and the few events from there on
 * read from the event store. So a fork costs the same wherever in a long stream it begins.
 */
export const historyIn = (
  db: Db,
  projection: AnyProjection,
  collectionName: string,
  streams: Streams,
  passedOver: PassedOver = nothing,
): History => {
  const collection = db.collection<Mark>(`${collectionName}_history`);

  const documentAt = async (stream: string, revision: number): Promise<FromStream | undefined> => {
    const mark = await collection
      .find({ stream, revision: { $lte: revision } })
      .sort({ revision: -1 })
      .limit(1)
      .next();
    const left = await passedOver(stream);
    let document: FromStream | undefined = mark?.document;
    const from = mark ? mark.revision + 1 : 0;
    for await (const event of streams.read(stream, { from, through: revision }))
      if (!left.has(event.id)) document = step(projection, document, event);
    return document;
  };

  const withDocumentAt = async (event: Projected, origin: Origin): Promise<Projected> => {
    try {
      const inherited = await documentAt(origin.stream, origin.revision);
      return inherited ? { ...event, inherited } : event;
    } catch (error) {
      // An ancestor was deleted for good, which further on removes what came of it.
      if (error instanceof StreamTombstoned) return event;
      throw error;
    }
  };

  return {
    collection,
    prepare: async () => {
      await collection.createIndex({ stream: 1, revision: -1 });
    },
    withInherited: async (events) => {
      if (!events.some(isFork)) return events;
      return Promise.all(
        events.map((event) => {
          const origin = concerns(projection, event) ? originIn(event) : undefined;
          return origin ? withDocumentAt(event, origin) : event;
        }),
      );
    },
  };
};

/**
 * Splits a batch so that what a fork inherits is written before the fork is folded: a fork whose
 * ancestor moved in the same part begins a new part.
 */
export const partsAtForks = <Event extends Projected>(
  events: readonly Event[],
): readonly (readonly Event[])[] => {
  const parts: Event[][] = [];
  let part: Event[] = [];
  let moved = new Set<string>();
  for (const event of events) {
    const origin = originIn(event);
    if (origin && moved.has(origin.stream)) {
      parts.push(part);
      part = [];
      moved = new Set();
    }
    part.push(event);
    moved.add(event.stream);
  }
  return part.length > 0 ? [...parts, part] : parts;
};

const isFork = ({ type }: Projected): boolean => type === 'StreamForked';

/** Where a stream was forked, for an event that begins a fork. */
export const originIn = (event: Projected): Origin | undefined =>
  isFork(event)
    ? // The codec has checked that the data is a fork's.
      originOf((event as Projected<StreamForked>).data.ancestry)
    : undefined;
