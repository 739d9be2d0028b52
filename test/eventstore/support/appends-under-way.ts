import { connectEventStore } from '../../../src/eventstore/db-client-event-store.js';
import { newEvent } from '../../support/new-events.js';

// A process of its own that has many appends under way at once, for tests that stop the store
// meanwhile: what ends the process shows. Arguments: the store's address and a name for the streams.

const [, , url = '', name = ''] = process.argv;
const store = connectEventStore(url);
const text = 'x'.repeat(200_000);

/** Appends to streams of their own; says by name how each that failed did. */
const appendAll = async (count: number): Promise<readonly string[]> => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: count }, async (_, n) => {
      await store.append(`${name}-${n}`, [{ ...newEvent(n, { text }), id: idOf(n) }], 'none');
      process.send?.({ appended: n });
    }),
  );
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : []));
};

/** The same on every attempt: appending again is then the same append. */
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

process.on('message', async (count: number) => {
  const failures = await appendAll(count);
  process.send?.({ failures });
});
process.on('disconnect', () => void store.close());
process.send?.('ready');
