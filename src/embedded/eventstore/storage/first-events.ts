import { ownEvent } from './own-event.js';
import type { Writer } from './writer.js';

/** The projections that every EventStoreDB node has. */
export const systemProjections = [
  '$streams',
  '$stream_by_category',
  '$by_category',
  '$by_event_type',
  '$by_correlation_id',
] as const;

/** The stream of a projection: its newest event says whether it is enabled. */
export const projectionStream = (name: string): string => `$projections-${name}`;

const registration = projectionStream('$all');
const noJson = { isJson: false };

/**
 * Writes what a fresh node has in its log: the registration of its system projections. Clients rely
 * on $all never being empty.
 */
export const writeFirstEvents = (writer: Writer): Promise<void> =>
  writer.submit((batch) => {
    batch.add(registration, ownEvent('$ProjectionsInitialized', '', noJson));
    for (const name of systemProjections) {
      batch.add(registration, ownEvent('$ProjectionCreated', name, noJson));
      const definition = JSON.stringify({ name, enabled: false });
      batch.add(projectionStream(name), ownEvent('$ProjectionUpdated', definition));
    }
  });
