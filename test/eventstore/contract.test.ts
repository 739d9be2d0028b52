import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AppendTooLarge,
  type EventStore,
  RevisionConflict,
  StreamTombstoned,
} from '../../src/eventstore/event-store.js';
import { sizeOf } from '../../src/eventstore/size.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { all, freshStream, newEvent, newEvents, numberOf } from '../support/new-events.js';

// What Forkline asks of an event store. Runs against whatever EVENTSTORE_URL names.

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
});
afterAll(() => opened.stop());

const numbersIn = async (stream: string, options = {}) =>
  (await all(store.read(stream, options))).map(numberOf);

/** A stream of `count` events, numbered from 0. */
const streamOf = async (count: number): Promise<string> => {
  const stream = freshStream();
  await store.append(stream, newEvents(count), 'none');
  return stream;
};

describe('appending', () => {
  it('answers with the place of the last event in its stream and in the store', async () => {
    const stream = freshStream();
    const first = await store.append(stream, newEvents(3), 'none');
    const second = await store.append(stream, newEvents(1, 3), 2);
    expect([first.storeRevision, second.storeRevision]).toStrictEqual([2, 3]);
    const positions = (await all(store.read(stream))).map(({ position }) => position);
    expect([positions[2], positions[3]]).toStrictEqual([first.position, second.position]);
    expect(positions).toStrictEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(second.isGapless).toBe(true);
    if (first.isGapless) expect(positions[0]).toBe(first.position - 2);
  });

  it.each([0, 2, 4, 'none'] as const)(
    'conflicts at revision %p of a stream whose last event has revision 3',
    async (expected) => {
      const stream = await streamOf(4);
      const append = store.append(stream, [newEvent(9)], expected);
      await expect(append).rejects.toThrow(RevisionConflict);
      await expect(append).rejects.toMatchObject({ stream, expected });
      expect(await numbersIn(stream)).toStrictEqual([0, 1, 2, 3]);
    },
  );

  it('conflicts with a revision of a stream that is not there', async () => {
    const stream = freshStream();
    await expect(store.append(stream, [newEvent(0)], 0)).rejects.toThrow(RevisionConflict);
    expect(await numbersIn(stream)).toStrictEqual([]);
  });

  it('lets one of several racing appends win', async () => {
    const stream = await streamOf(1);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => store.append(stream, [newEvent(n)], 0)),
    );
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost.map(({ reason }) => reason.name)).toStrictEqual(Array(9).fill('RevisionConflict'));
    expect(await numbersIn(stream)).toHaveLength(2);
  });

  it('takes the same append again as done, also when others came after it', async () => {
    const stream = await streamOf(2);
    const events = newEvents(3, 2);
    const first = await store.append(stream, events, 1);
    expect(await store.append(stream, events, 1)).toStrictEqual(first);
    await store.append(stream, newEvents(1, 5), 4);
    expect(await store.append(stream, events, 1)).toStrictEqual(first);
    expect(await numbersIn(stream)).toStrictEqual([0, 1, 2, 3, 4, 5]);
  });

  it('takes the same append that began a stream again as done', async () => {
    const stream = freshStream();
    const events = newEvents(2);
    const first = await store.append(stream, events, 'none');
    expect(await store.append(stream, events, 'none')).toStrictEqual(first);
    expect(await numbersIn(stream)).toStrictEqual([0, 1]);
  });

  it('conflicts where an append comes again with another event in it', async () => {
    const stream = await streamOf(1);
    const [first, second] = newEvents(2, 1);
    await store.append(stream, [first!, second!], 0);
    const again = [first!, newEvent(2)];
    await expect(store.append(stream, again, 0)).rejects.toThrow(RevisionConflict);
    expect(await numbersIn(stream)).toStrictEqual([0, 1, 2]);
  });

  it('refuses more than the store takes at once, and adds none of it', async () => {
    const stream = freshStream();
    const mebibyte = 'x'.repeat(1_048_576);
    const tooMuch = Array.from({ length: 24 }, (_, n) => newEvent(n, { mebibyte }));
    const append = store.append(stream, tooMuch, 'none');
    await expect(append).rejects.toThrow(AppendTooLarge);
    await expect(append).rejects.toMatchObject({ maxBytes: expect.any(Number) });
    expect(await numbersIn(stream)).toStrictEqual([]);
    await store.append(stream, newEvents(1), 'none');
  });
});

describe('an event that is read', () => {
  it('is what was appended, with its place and time', async () => {
    const stream = freshStream('tést—流');
    const data = { text: 'Åse „fløy“ \u0000 \ud83d\ude80', deep: [{ a: [null, 1.5, -0.1, 1e21] }] };
    const event = newEvent(0, data);
    const { position } = await store.append(stream, [event], 'none');
    const [read] = await all(store.read(stream));
    const { created, size, ...rest } = read!;
    expect(rest).toStrictEqual({ ...event, stream, revision: 0, position });
    expect(new Date(created).toISOString()).toBe(created);
    expect(size).toBe(sizeOf(event.data));
  });

  it('counts on from the event a fork was taken at', async () => {
    const stream = freshStream();
    const onBase = newEvents(2).map((event) => ({
      ...event,
      metadata: { ...event.metadata, base: 40 },
    }));
    await store.append(stream, onBase, 'none');
    expect((await all(store.read(stream))).map(({ revision }) => revision)).toStrictEqual([40, 41]);
  });
});

describe('reading a stream', () => {
  let ten: string;
  beforeAll(async () => {
    ten = await streamOf(10);
  });

  const cases: readonly (readonly [object, readonly number[]])[] = [
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [{ from: 0 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [{ from: 7 }, [7, 8, 9]],
    [{ from: 9 }, [9]],
    [{ from: 10 }, []],
    [{ from: 1_000 }, []],
    [{ limit: 3 }, [0, 1, 2]],
    [{ from: 8, limit: 1 }, [8]],
    [{ from: 8, limit: 5 }, [8, 9]],
    [{ direction: 'backwards' }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [{ direction: 'backwards', from: 2 }, [2, 1, 0]],
    [{ direction: 'backwards', from: 0 }, [0]],
    [{ direction: 'backwards', from: 1_000 }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [{ direction: 'backwards', limit: 2 }, [9, 8]],
    [{ direction: 'backwards', from: 4, limit: 2 }, [4, 3]],
    [{ direction: 'backwards', from: 1, limit: 5 }, [1, 0]],
  ];
  it.each(cases)('with %j gives %j', async (options, numbers) => {
    expect(await numbersIn(ten, options)).toStrictEqual(numbers);
  });

  it.each(['forwards', 'backwards'])('that is not there gives nothing %s', async (direction) => {
    expect(await numbersIn(freshStream(), { direction })).toStrictEqual([]);
    expect(await numbersIn(freshStream(), { direction, from: 5, limit: 1 })).toStrictEqual([]);
  });

  it('gives a long one in order, both ways', async () => {
    const stream = freshStream();
    for (let n = 0; n < 3_000; n += 500)
      await store.append(stream, newEvents(500, n), n === 0 ? 'none' : n - 1);
    const expected = Array.from({ length: 3_000 }, (_, n) => n);
    expect(await numbersIn(stream)).toStrictEqual(expected);
    expect(await numbersIn(stream, { direction: 'backwards' })).toStrictEqual(expected.reverse());
  });

  it('gives the same to two who read at once', async () => {
    const [one, other] = await Promise.all([numbersIn(ten), numbersIn(ten)]);
    expect(one).toStrictEqual(other);
  });
});

describe('a stream deleted for good', () => {
  it('can be neither read nor written', async () => {
    const stream = await streamOf(2);
    await store.tombstone(stream);
    await expect(all(store.read(stream))).rejects.toThrow(StreamTombstoned);
    await expect(all(store.read(stream, { direction: 'backwards', limit: 1 }))).rejects.toThrow(
      StreamTombstoned,
    );
    for (const expected of ['none', 1] as const) {
      const append = store.append(stream, [newEvent(2)], expected);
      await expect(append).rejects.toThrow(StreamTombstoned);
      await expect(append).rejects.toMatchObject({ stream });
    }
  });

  it('cannot be deleted again', async () => {
    const stream = await streamOf(1);
    await store.tombstone(stream);
    await expect(store.tombstone(stream)).rejects.toThrow(StreamTombstoned);
  });

  it('leaves others alone', async () => {
    const [stream, other] = [await streamOf(1), await streamOf(1)];
    await store.tombstone(stream);
    expect(await numbersIn(other)).toStrictEqual([0]);
  });
});

describe('the head', () => {
  it('is at or past the newest event, and moves on with each', async () => {
    const { position } = await store.append(freshStream(), newEvents(1), 'none');
    const head = await store.head();
    expect(head).toBeGreaterThanOrEqual(position);
    const next = await store.append(freshStream(), newEvents(1), 'none');
    expect(next.position).toBeGreaterThan(head);
    expect(await store.head()).toBeGreaterThanOrEqual(next.position);
  });
});
