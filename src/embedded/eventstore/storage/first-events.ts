import { v4 as newId } from 'uuid';
import type { WriteBatch } from './write-batch.js';
import type { Writer } from './writer.js';

/** The projections that every EventStoreDB node has. */
export const systemProjections = [
  '$streams',
  '$stream_by_category',
  '$by_category',
  '$by_event_type',
  '$by_correlation_id',
] as const;

const add = (batch: WriteBatch, stream: string, type: string, data: string, isJson: boolean) =>
  batch.add(stream, {
    id: newId(),
    type,
    isJson,
    customMetadata: Buffer.alloc(0),
    data: Buffer.from(data),
  });

/**
 * Writes what a fresh node has in its log: the registration of its system projections. Clients rely
 * on $all never being empty.
 */
export const writeFirstEvents = (writer: Writer): Promise<void> =>
  writer.submit((batch) => {
    add(batch, '$projections-$all', '$ProjectionsInitialized', '', false);
    for (const name of systemProjections) {
      add(batch, '$projections-$all', '$ProjectionCreated', name, false);
      const definition = JSON.stringify({ name, enabled: false });
      add(batch, `$projections-${name}`, '$ProjectionUpdated', definition, true);
    }
  });
