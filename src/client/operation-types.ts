import type { PageQuery, Position } from './types.js';

/** The event that a rebuild goes no further than. */
export type Poison = Readonly<{
  projection: string;
  eventId: string;
  stream: string;
  revision: number;
  position: Position;
  type: string;
  error: string;
}>;

/** A read model being built anew beside the one that serves, or the last time it was. */
export type RebuildStatus = Readonly<{
  id: string;
  /** `stopped` is one that met an event which it could not fold: `poison` says which. */
  state: 'building' | 'switching' | 'switched' | 'stopped' | 'cancelled';
  /** The projections that are built in the same pass over the events. */
  names: readonly string[];
  /** Null while none is begun. */
  collection: string | null;
  position: Position;
  /** Position of the newest event there is. */
  head: Position;
  events: number;
  /** Null at first. */
  eventsPerSecond: number | null;
  startedAt: string;
  skip: readonly string[];
  poison: Poison | null;
}>;

/** A collection of documents, and the version of the projection that made it. */
export type BuiltModel = Readonly<{ collection: string; version: number }>;

/** What serves a projection, and what is kept to go back to. */
export type ModelStanding = Readonly<{
  name: string;
  serving?: BuiltModel;
  previous?: BuiltModel | null;
}>;

type Standing = Readonly<{
  name: string;
  /** Whether it has come no further for a minute, though there may be something to do. */
  stuck: boolean;
  /** How many events it has put aside. */
  parked: number;
}>;

/** How a projection (a read model) is doing. */
export type ProjectionStatus = Standing &
  Readonly<{
    kind: 'projection';
    version: number;
    position: Position;
    /** Null while not known. */
    lagEvents: number | null;
    lagSeconds: number | null;
    /** What the node that answers reads from. */
    serving: BuiltModel;
    /** What a rollback goes back to. */
    previous: BuiltModel | null;
    rebuild: RebuildStatus | null;
  }>;

/** How a reaction is doing. */
export type ReactionStatus = Standing & Readonly<{ kind: 'reaction' }>;

/** An event that a projection or a reaction has put aside. */
export type ParkedEvent = Readonly<{
  id: string;
  /** Parked events of the same key wait for each other. */
  key: string;
  stream: string;
  revision: number;
  position: Position;
  type: string;
  /** Why it failed; null for one that waits behind another. */
  error: string | null;
  attempts: number;
  parkedAt: string;
}>;

/** What came of a retry: how many events were handled, why the next one failed, how many are left in all. */
export type Retried = Readonly<{ handled: number; error: string | null; parked: number }>;

/** What administrators may ask for of the audit; times are ISO 8601, from `since` and before `until`. */
export type AuditQuery = PageQuery &
  Readonly<{ userId?: string; stream?: string; type?: string; since?: string; until?: string }>;

/** Who did something, or was kept from it. */
export type AuditEntry = Readonly<{
  position: Position;
  at: string;
  /** Of the event. */
  type: string;
  /** The stream it is about. */
  stream?: string;
  revision?: number;
  /** Who it was; absent when nobody knows. */
  userId?: string;
  /** Whose the stream is. */
  ownerId?: string;
  clientAddress?: string;
  userAgent?: string;
  /** The API key that was shown. */
  keyId?: string;
  requestId?: string;
  /** What was asked, and how often, of what left no event by itself. */
  attempt?: Readonly<{
    method: string;
    route: string;
    status?: number;
    code?: string;
    count: number;
    firstAt: string;
    lastAt: string;
  }>;
}>;

/** One thing that a node has to be able to do. */
export type Check = Readonly<{ name: string; ok: boolean; reason?: string }>;

/** Whether a node should be sent requests, and what was looked at. */
export type Readiness = Readonly<{ isReady: boolean; checks: readonly Check[] }>;
