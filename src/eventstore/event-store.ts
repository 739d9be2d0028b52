/** Who and what an event came from. Kept with every event, outside its data. */
export type EventMetadata = Readonly<{
  /**
   * Id of the session that the stream is or belongs to; without one the `requestId` that an execution was
   * started with, else the stream's own id.
   */
  $correlationId: string;
  /** The command or event it follows. */
  $causationId: string;
  commandId: string;
  /** Who asked for it. */
  userId: string;
  /** Whose stream it is: what decides who may see the event. */
  ownerId: string;
  requestId: string;
  /** W3C trace context: that of the command's span where traces are made, else that of the request, if it had one. */
  traceparent?: string;
  /** Where the request came from: an address, and what the client calls itself. For the audit only. */
  clientAddress?: string;
  userAgent?: string;
  /** The API key that was shown. For the audit only. */
  keyId?: string;
  schemaVersion: number;
  /**
   * Revision of the fork's first own event, on every event of a forked stream: the store counts a
   * stream's own events from 0, Forkline counts on from the event it was forked at.
   */
  base?: number;
  /** On an event of an archive: what it was where it was written. Its data is the same. */
  archived?: Archived;
}>;

/** What an event was before it was copied into the archive of a fork that inherits it. */
export type Archived = Readonly<{
  type: string;
  stream: string;
  id: string;
  position: number;
  created: string;
  base?: number;
}>;

export type NewEvent = Readonly<{
  /** A UUID; appending the same ids again to the same place is the same append. */
  id: string;
  type: string;
  data: object;
  metadata: EventMetadata;
}>;

/** An event as it is read. `revision` counts inherited events, see {@link EventMetadata.base}. */
export type StoredEvent = NewEvent &
  Readonly<{
    stream: string;
    revision: number;
    /** Its place in the whole store; grows, with gaps. */
    position: number;
    /** When the store took it, ISO 8601 UTC. */
    created: string;
    /** Roughly how many bytes its data takes as JSON: see {@link sizeOf}. Measured once, as it is received. */
    size: number;
  }>;

/** What a stream's tombstone looks like among other events. It has no metadata and its revision means nothing. */
export const tombstoneType = '$streamDeleted';

/** What an event of $all is shown as when its data is not what its type says. */
export const unreadableType = '$unreadable';

/**
 * The type of every event in an archive. Nothing happens when an event is copied, so whoever acts on
 * events by their types passes over copies.
 */
export const archivedType = 'EventArchived';

export type ExpectedRevision = number | 'none';

export type Appended = Readonly<{
  /** Place of the last event in its stream, counted by the store from 0. */
  storeRevision: number;
  position: number;
  /** Whether the store said that the positions of its events follow one another without gaps. */
  isGapless?: boolean;
}>;

export type ReadOptions = Readonly<{
  /** The first place to read, counted by the store from 0; the default is the end one reads from. */
  from?: number;
  direction?: 'forwards' | 'backwards';
  limit?: number;
}>;

/** Follows every stream of the store. Ends when closed, throws {@link StoreUnavailable} when the connection is lost. */
export type Subscription = AsyncIterable<StoredEvent | CaughtUp> & Readonly<{ close(): void }>;

/** Everything there was when the subscription reached the end has been delivered. */
export type CaughtUp = Readonly<{ type: 'caughtUp' }>;

/** How a group of consumers shares the events of the store. Fixed when the group is made. */
export type GroupOptions = Readonly<{
  /** Streams of these categories only, if there are no types: the store filters by one of the two. */
  categories?: readonly string[];
  /** Events of these types only; every user event when neither is given. */
  types?: readonly string[];
  /** Where a group that is made now begins. */
  from: 'start' | 'end';
  /** What of the events goes to the same consumer while that is connected: those of a stream, or of a `$correlationId`. */
  together: 'stream' | 'correlation';
}>;

export type ConsumeOptions = GroupOptions &
  Readonly<{
    /** How many events this consumer may hold without having acknowledged them. */
    inFlight: number;
  }>;

/** An event handed to this consumer, and to no other of its group while the connection lasts. */
export type Delivery = Readonly<{
  event: StoredEvent;
  /** Tells the store that the event is done with. Lost with the connection, it is delivered again. */
  ack(): void;
}>;

/**
 * One consumer of a group. Ends when closed; what it has not acknowledged goes to the others. Throws
 * {@link StoreUnavailable} when the connection is lost or the group deleted.
 */
export type Consumption = AsyncIterable<Delivery> & Readonly<{ close(): void }>;

/** Streams of events, as EventStoreDB keeps them: lineage of forks is a layer above. */
export type EventStore = Readonly<{
  /**
   * Appends events atomically; resolves once they are on disk.
   *
   * @throws RevisionConflict when the stream's last event is not the expected one
   * @throws StreamTombstoned when the stream was deleted for good
   * @throws AppendTooLarge when the events exceed the store's limit
   * @throws StoreUnavailable when the store cannot be reached; whether the events are in is then unknown
   */
  append(
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ): Promise<Appended>;
  /** A stream's own events; none when it does not exist. @throws StreamTombstoned, StoreUnavailable, UndecodableEvent */
  read(stream: string, options?: ReadOptions): AsyncIterable<StoredEvent>;
  /** Every user event after a position, oldest first, then those to come, with backpressure. */
  subscribe(after: number | 'start' | 'end'): Subscription;
  /**
   * Takes part in a group that shares the events of the store, and makes the group if there is none.
   * The group lives in the store: it goes on from where it was, whoever takes part.
   */
  consume(group: string, options: ConsumeOptions): Consumption;
  /** Makes a group for others to take part in, if there is none. */
  makeGroup(group: string, options: GroupOptions): Promise<void>;
  /** Whether there is such a group. */
  hasGroup(group: string): Promise<boolean>;
  /** Position of the newest user event of the store, which is what read models come to; 0 when there is none. */
  head(): Promise<number>;
  /**
   * Deletes a stream for good: it can be neither read nor written again.
   *
   * @returns the position of its end
   * @throws StreamTombstoned when that was done before
   */
  tombstone(stream: string): Promise<number>;
  close(): Promise<void>;
}>;

/** The stream moved on, or was not there yet. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';

  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
  ) {
    super(`${stream} is not at revision ${expected}`);
  }
}

/** The stream was deleted for good. */
export class StreamTombstoned extends Error {
  override readonly name = 'StreamTombstoned';

  constructor(readonly stream: string) {
    super(`${stream} was deleted for good`);
  }
}

/** The events of one append exceed what the store takes at once. */
export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge';

  constructor(readonly maxBytes: number) {
    super(`the events of one append may have ${maxBytes} bytes of data in all`);
  }
}

/** A store cannot be reached or does not answer in time. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
