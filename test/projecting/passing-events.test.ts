import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import type { LogicalReadOptions } from '../../src/eventstore/parts.js';
import { passingEvents } from '../../src/projecting/passing-events.js';
import { counting } from '../support/counting-store.js';
import { all, freshStream, newEvents } from '../support/new-events.js';
import { startTestStores, type TestStores } from './support/stores.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** A stream of so many events, and what keeps those that pass. */
const streamOf = async (length: number, mostBytes = 1_000_000) => {
  const stream = freshStream();
  await stores.store.append(stream, newEvents(length), 'none');
  const events = await all(stores.streams.read(stream));
  const counted = counting(stores.store);
  const passing = passingEvents(mostBytes);
  const streams = passing.before(withLineage(counted));
  await streams.ancestryOf(stream);
  /** What a read gives, and how many events it took of the store. */
  const read = async (options?: LogicalReadOptions) => {
    counted.reset();
    const found = await all(streams.read(stream, options));
    return { found, taken: counted.counts().eventsRead };
  };
  return { stream, events, passing, read };
};

const note = (passing: ReturnType<typeof passingEvents>, events: readonly StoredEvent[]) =>
  events.forEach(passing.note);

describe('events that have passed', () => {
  it('are not read, as far as the whole stretch is there', async () => {
    const { events, passing, read } = await streamOf(20);
    note(passing, events.slice(5, 15));
    for (const [from, through] of [
      ...([
        [5, 14],
        [7, 9],
        [14, 14],
      ] as const),
    ])
      expect(await read({ from, through })).toEqual({
        ...{ found: events.slice(from, through + 1), taken: 0 },
      });
    for (const [from, through] of [
      ...([
        [4, 9],
        [5, 15],
        [15, 19],
        [0, 2],
      ] as const),
    ])
      expect(await read({ from, through })).toEqual({
        ...{ found: events.slice(from, through + 1), taken: through - from + 1 },
      });
  });

  it('are read by whoever asks for an end that is not named, for a number, or backwards', async () => {
    const { events, passing, read } = await streamOf(6);
    note(passing, events);
    expect(await read({ from: 2 })).toEqual({ found: events.slice(2), taken: 4 });
    const two = await read({ from: 2, through: 5, limit: 2 });
    expect(two).toEqual({ found: events.slice(2, 4), taken: 2 });
    const backwards = await read({ from: 2, through: 5, direction: 'backwards' });
    expect(backwards).toEqual({ found: events.slice(2).reverse(), taken: 4 });
  });

  it('are those after a gap, and once each if they pass again', async () => {
    const { events, passing, read } = await streamOf(12);
    note(passing, [...events.slice(0, 3), ...events.slice(5, 9), ...events.slice(4, 12)]);
    expect(await read({ from: 1, through: 2 })).toMatchObject({ taken: 2 });
    expect(await read({ from: 5, through: 11 })).toEqual({ found: events.slice(5), taken: 0 });
  });

  it('are those of a store with another history from where it parts on', async () => {
    const { events, passing, read } = await streamOf(9);
    note(passing, events.slice(2, 8));
    const others = events.slice(5).map((event) => ({ ...event, position: event.position + 1 }));
    note(passing, others);
    expect(await read({ from: 5, through: 8 })).toEqual({ found: others, taken: 0 });
    expect(await read({ from: 4, through: 8 })).toMatchObject({ taken: 5 });
  });

  it('are let go of before a revision, and altogether', async () => {
    const { stream, events, passing, read } = await streamOf(10);
    note(passing, events);
    passing.release(stream, 6);
    expect(await read({ from: 5, through: 9 })).toMatchObject({ taken: 5 });
    expect(await read({ from: 6, through: 9 })).toMatchObject({ taken: 0 });
    passing.forget(stream);
    expect(await read({ from: 6, through: 9 })).toMatchObject({ taken: 4 });
    passing.release(stream, 6);
  });

  it('are kept of the streams that had some most recently', async () => {
    const passing = passingEvents(30_000);
    const many = await Promise.all([1, 2, 3].map(() => streamOf(10)));
    for (const { events } of many) note(passing, events);
    const streams = passing.before(stores.streams);
    const isKept = await Promise.all(
      many.map(async ({ stream, events }) => {
        await stores.store.tombstone(stream);
        // There is nothing else that it could be given from.
        const found = await all(streams.read(stream, { from: 0, through: 9 })).catch(() => []);
        return found.length === events.length;
      }),
    );
    expect(isKept).toEqual([false, true, true]);
  });

  it('are none of a stream with more than all may have', async () => {
    const { events, passing, read } = await streamOf(10, 5_000);
    note(passing, events);
    expect(await read({ from: 0, through: 9 })).toEqual({ found: events, taken: 10 });
  });
});
