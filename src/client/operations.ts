import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, PageQuery, Position } from './types.js';

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
  collection: string;
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
  serving: BuiltModel;
  previous: BuiltModel | null;
}>;

/** How a projection (a read model) or a reaction is doing. */
export type ProjectionStatus = Readonly<{
  kind: 'projection' | 'reaction';
  name: string;
  /** Whether it has come no further for a minute, though there may be something to do. */
  stuck: boolean;
  /** How many events it has put aside. */
  parked: number;
  /** What follows is there for projections only. */
  version?: number;
  position?: Position;
  /** Null while not known. */
  lagEvents?: number | null;
  lagSeconds?: number | null;
  /** What the node that answers reads from. */
  serving?: BuiltModel;
  /** What a rollback goes back to. */
  previous?: BuiltModel | null;
  rebuild?: RebuildStatus | null;
}>;

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

/** For administrators. */
export const operationsOver = (http: Transport) => {
  const parked = (name: string, query?: PageQuery, options?: ReadOptions) =>
    http.read<Page<ParkedEvent>>(path`/v1/projections/${name}/parked`, query, options);
  const settle = (name: string, id: string, action: string, options?: WriteOptions) =>
    http.write<Retried>('POST', path`/v1/projections/${name}/parked/${id}/${action}`, {}, options);

  return {
    /** Every projection and reaction. */
    projections: (options?: ReadOptions) =>
      http.read<Page<ProjectionStatus>>('/v1/projections', {}, options),
    /** One page of what a projection or reaction has put aside, oldest first. */
    parked,
    /** Everything that it has put aside, oldest first. */
    eachParked: (name: string, query: PageQuery = {}, options?: ReadOptions) =>
      everyItem((page: PageQuery) => parked(name, page, options), query),
    /** Tries the parked events of an event's key again, in their order. */
    retryParked: (name: string, id: string, options?: WriteOptions) =>
      settle(name, id, 'retry', options),
    /**
     * Begins to build projections anew, in one pass over the events.
     *
     * @param skip ids of events to pass over when they cannot be folded
     */
    rebuild: (names: readonly string[], skip: readonly string[] = [], options?: WriteOptions) =>
      http.write<RebuildStatus>('POST', '/v1/projections/rebuild', { names, skip }, options),
    /** Gives up the rebuild that a projection takes part in. */
    cancelRebuild: (name: string, options?: WriteOptions) =>
      http.write<RebuildStatus>(
        'DELETE',
        path`/v1/projections/${name}/rebuild`,
        undefined,
        options,
      ),
    /** Goes back to what served before. */
    rollBack: (name: string, options?: WriteOptions) =>
      http.write<ModelStanding>('POST', path`/v1/projections/${name}/rollback`, {}, options),
    /** Removes what served before. */
    dropPrevious: (name: string, options?: WriteOptions) =>
      http.write<ModelStanding>('POST', path`/v1/projections/${name}/drop`, {}, options),
    /** Drops a parked event, and tries those behind it. */
    discardParked: (name: string, id: string, options?: WriteOptions) =>
      settle(name, id, 'discard', options),
  };
};
