import type { Collection, Db } from 'mongodb';
import { shownStream } from '../domain/archive.js';
import { type Origin, originOf, type StreamForked } from '../domain/fork.js';
import { StreamTombstoned } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import { withFields } from '../fields.js';
import { writtenOf } from './archives.js';
import { concerns, isKept, type Mark, markOf, step } from './fold-batch.js';
import { insertNew } from './guarded-writes.js';
import type { AnyProjection, FromStream, Projected } from './projection.js';

/** What the documents of a projection were at earlier revisions. */
export type History = Readonly<{
  collection: Collection<Mark>;
  prepare(): Promise<void>;
  /** The events, those that begin forks with the ancestor's document. */
  withInherited(events: readonly Projected[]): Promise<readonly Projected[]>;
  /** Keeps what the documents of forks were at revisions that they inherited, as these are copied. */
  keepCopied(copies: readonly Projected[]): Promise<void>;
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

  /** @param reading the stream to read events of: it, or a fork that has the same events up to there */
  const documentAt = async (
    { stream, revision }: Origin,
    reading = stream,
  ): Promise<FromStream | undefined> => {
    const mark = await collection
      .find({ stream, revision: { $lte: revision } })
      .sort({ revision: -1 })
      .limit(1)
      .next();
    const left = await passedOver(stream);
    let document: FromStream | undefined = mark?.document;
    const from = mark ? mark.revision + 1 : 0;
    for await (const event of streams.read(reading, { from, through: revision }))
      if (!left.has(event.id)) document = past(document, event);
    return document;
  };

  /** What an event of a stream's past makes of its document: where that is a fork's first, the fork goes on with it. */
  const past = (document: FromStream | undefined, event: Projected): FromStream | undefined =>
    step(
      projection,
      document,
      isFork(event) && document ? withFields(event, { inherited: document }) : event,
    );

  const inheritedBy = async (event: Projected, origin: Origin): Promise<FromStream | undefined> => {
    try {
      return await documentAt(origin).catch((error: unknown) => {
        // The ancestor is gone. If the fork was detached before, it has those events still.
        if (error instanceof StreamTombstoned) return documentAt(origin, event.stream);
        throw error;
      });
    } catch (error) {
      // It was not, and the end of its ancestor further on removes what came of it.
      if (error instanceof StreamTombstoned) return undefined;
      throw error;
    }
  };

  const withDocumentAt = async (event: Projected, origin: Origin): Promise<Projected> => {
    const inherited = await inheritedBy(event, origin);
    return inherited ? withFields(event, { inherited }) : event;
  };

  const keepCopiedOf = async (fork: string, copies: readonly Projected[]): Promise<void> => {
    const first = copies[0]?.revision ?? 0;
    let document = first > 0 ? await documentAt({ stream: fork, revision: first - 1 }) : undefined;
    const marks: Mark[] = [];
    for (const copy of copies) {
      const written = writtenOf(copy);
      const before = document;
      document = past(before, written);
      if (document && isKept(before, written.revision))
        marks.push(markOf(document, withFields(written, { stream: fork })));
    }
    await insertNew(collection, marks);
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
    keepCopied: async (copies) => {
      for (const archive of new Set(copies.map(({ stream }) => stream))) {
        const some = copies.filter(({ stream }) => stream === archive);
        await keepCopiedOf(shownStream(archive), some).catch((error: unknown) => {
          // Deleted for good meanwhile, it has no past to be kept.
          if (!(error instanceof StreamTombstoned)) throw error;
        });
      }
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

/** Where a stream was forked; undefined for any event but the `StreamForked` that says so. */
export const originIn = (event: Projected): Origin | undefined =>
  isFork(event)
    ? // The codec has checked that the data is a fork's.
      originOf((event as Projected<StreamForked>).data.ancestry)
    : undefined;
