import type { EventMetadata, StoredEvent } from './event-store.js';
import { tombstoneType, unreadableType } from './event-store.js';
import { schemaOfEvent } from './schemas.js';
import { sizeOf } from './size.js';

/** The version of metadata and data that events are written in; there has been no other. */
export const schemaVersion = 1;

/** An event as it comes from the store: by its client, or read here. */
export type Recorded = Readonly<{
  id: string;
  type: string;
  streamId: string;
  revision: bigint | number;
  created: Date;
  /** What JSON says, or the bytes where it is none. */
  data: unknown;
  metadata?: unknown;
  position?: Readonly<{ commit: bigint | number }>;
}>;

/** A stored event of a known type whose data is not what its type says. */
export class UndecodableEvent extends Error {
  override readonly name = 'UndecodableEvent';

  constructor(
    readonly stream: string,
    readonly eventId: string,
    reason: string,
  ) {
    super(`event ${eventId} of ${stream} cannot be read: ${reason}`);
  }
}

/**
 * An event as the store's client gives it, checked. An event of a type that this build has never
 * heard of passes as it is: this is the one place that lets it, so that old and new builds can share a store.
 *
 * @throws UndecodableEvent
 */
export const decode = (recorded: Recorded): StoredEvent => {
  const { id, type, streamId: stream, data, metadata } = recorded;
  if (type === tombstoneType) return decodeTombstone(recorded);
  checkData({ id, type, stream, data });
  // An event that someone else wrote may have no metadata; what is read of it below copes.
  const known = (metadata ?? {}) as EventMetadata;
  return {
    id,
    type,
    // Data that is no object is someone else's: no type of ours has such.
    data: data as object,
    metadata: known,
    stream,
    revision: Number(recorded.revision) + (known.base ?? 0),
    position: positionOf(recorded),
    created: recorded.created.toISOString(),
    size: sizeOf(data),
  };
};

/**
 * An event of $all. One that cannot be read becomes an event of the type `$unreadable`, which says
 * why: its own stream cannot be folded until that is mended, all others go on.
 */
export const decodeAny = (recorded: Recorded): StoredEvent => {
  try {
    return decode(recorded);
  } catch (error) {
    if (!(error instanceof UndecodableEvent)) throw error;
    const data = { type: recorded.type, reason: error.message };
    return { ...placeOf(recorded), type: unreadableType, data, metadata: {} as EventMetadata };
  }
};

/** That an event's data is what its type says, if the type is known. @throws UndecodableEvent */
export const checkData = ({
  id,
  type,
  stream,
  data,
}: Readonly<{ id: string; type: string; stream: string; data: unknown }>): void => {
  const { error } = schemaOfEvent(type)?.safeParse(data) ?? {};
  if (error) throw new UndecodableEvent(stream, id, error.message);
};

const decodeTombstone = (recorded: Recorded): StoredEvent => ({
  ...placeOf(recorded),
  type: tombstoneType,
  data: {},
  metadata: {} as EventMetadata,
  revision: -1,
});

const placeOf = (recorded: Recorded) => ({
  id: recorded.id,
  stream: recorded.streamId,
  revision: Number(recorded.revision),
  position: positionOf(recorded),
  created: recorded.created.toISOString(),
  // What is said of it instead is short.
  size: 0,
});

const positionOf = ({ position }: Recorded): number => toPosition(position?.commit ?? 0n);

/** A position as a number. @throws RangeError past 2^53, which a log of 9 petabytes would reach */
export const toPosition = (commit: bigint | number): number => {
  if (commit > Number.MAX_SAFE_INTEGER) throw new RangeError(`position ${commit}`);
  return Number(commit);
};
