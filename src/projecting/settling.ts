import type { ParkedOf } from './parked.js';
import type { Handling, Retried } from './retry-parked.js';
import type { Run } from './run-of.js';

/** What people decide about parked events. Any node can carry it out, whichever one folds. */
export type Settling = Readonly<{
  /**
   * Folds a parked event of a projection, with those of its key that wait with it, in their order.
   *
   * @returns undefined when there is no such projection, or it has not parked the event
   * @throws RetryUnderWay, or that a store is unavailable
   */
  retry(name: string, eventId: string): Promise<Retried | undefined>;
  /** Drops a parked event, and goes on with those behind it. */
  discard(name: string, eventId: string): Promise<Retried | undefined>;
}>;

/**
 * Retries and discards parked events by the projections as they are carried on at the moment.
 *
 * @param runs gives those projections
 */
export const settlingOf = (runs: () => readonly Run[]): Settling => {
  const settle = async (
    name: string,
    act: (parked: ParkedOf, handling: Handling) => Promise<Retried | undefined>,
  ): Promise<Retried | undefined> => {
    const found = runs().find(({ projection }) => projection.name === name);
    // What another release has parked, its fold has to handle.
    if (found?.isForeign) return undefined;
    return found?.parked && found.lenient && act(found.parked, found.lenient.handling);
  };
  return {
    retry: (name, eventId) => settle(name, (of, handling) => of.retry(eventId, handling)),
    discard: (name, eventId) => settle(name, (of, handling) => of.discard(eventId, handling)),
  };
};
