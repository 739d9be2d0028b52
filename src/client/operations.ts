import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, PageQuery, Position } from './types.js';

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
    /** Drops a parked event, and tries those behind it. */
    discardParked: (name: string, id: string, options?: WriteOptions) =>
      settle(name, id, 'discard', options),
  };
};
