import { type StoredEvent, unreadableType } from '../eventstore/event-store.js';

/** Who parks events: a projection, by the name of its collection, or a reaction. */
export type Consumer = Readonly<{ kind: 'projection' | 'reaction'; name: string }>;

/**
 * Events that wait for each other: those of one key or, where the key of an event cannot be told,
 * those of its stream; or an event alone, for which nothing waits. Held from an event that failed
 * until that is handled or discarded.
 */
export type Lane = `key:${string}` | `stream:${string}` | `event:${string}`;

/** The lane of the events of one key. */
export const keyLane = (key: string): Lane => `key:${key}`;

/** The lane of a stream's events, for those whose key cannot be told. */
export const streamLane = (stream: string): Lane => `stream:${stream}`;

/** The lane of one event, behind which no other waits. */
export const eventLane = (eventId: string): Lane => `event:${eventId}`;

/** An event that a consumer has put aside. The event itself stays in the event store. */
export type ParkedEvent = Readonly<{
  _id: string;
  kind: Consumer['kind'];
  name: string;
  lane: Lane;
  /** Discarded ones are kept, for what a person has decided once holds for every node. */
  state: 'parked' | 'discarded';
  eventId: string;
  stream: string;
  revision: number;
  /** Counted by the store from 0: where to read the event again. */
  storeRevision: number;
  position: number;
  type: string;
  /** Why it failed; null for one that waits for an earlier one. */
  error: string | null;
  /** How often it was tried. */
  attempts: number;
  /** ISO 8601 UTC. */
  parkedAt: string;
}>;

/** That a lane is held. Gone when nothing waits in it any more. */
export type HeldLane = Readonly<{
  _id: string;
  kind: Consumer['kind'];
  name: string;
  lane: Lane;
  /** Stream and revision of the event that it is held by. */
  stream: string;
  revision: number;
  /** The stream whose parked events it waits for, where that is what holds it. */
  waitsFor?: string;
  /** Everything before this position is done with. */
  from: number;
  /** Grows with every event that joins, so that a lane is not given up over one. */
  joined: number;
  /** Which retry is at work, and until when it may take. */
  claim?: string;
  claimedUntil?: Date;
}>;

/** The `_id` of a consumer's parked event. */
export const parkedId = ({ kind, name }: Consumer, eventId: string): string =>
  `${kind}/${name}/${eventId}`;

/** The `_id` of a consumer's held lane. */
export const laneId = ({ kind, name }: Consumer, lane: Lane): string => `${kind}/${name}/${lane}`;

/**
 * The document of an event that waits in a lane, and has not been tried.
 *
 * @param parkedAt ISO 8601 UTC
 */
export const waiting = (
  { kind, name }: Consumer,
  lane: Lane,
  event: StoredEvent,
  parkedAt: string,
): ParkedEvent => {
  const { id, stream, revision, position, type, metadata, data } = event;
  // One that cannot be read has its place in the store alone, and tells its type in its data.
  const isReadable = type !== unreadableType;
  return {
    _id: parkedId({ kind, name }, id),
    kind,
    name,
    lane,
    state: 'parked',
    eventId: id,
    stream,
    revision,
    position,
    error: null,
    attempts: 0,
    parkedAt,
    storeRevision: isReadable ? revision - (metadata.base ?? 0) : revision,
    type: isReadable ? type : (data as { type: string }).type,
  };
};

/** What is kept of an error: enough to see what is wrong, not a whole document in its text. */
const mostOfAnError = 2_000;

/** An error in words, as it is kept with the event that met it. */
export const messageOf = (error: unknown): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, mostOfAnError);
};
