import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Segment } from '../../src/domain/fork.js';
import { ancestryAt } from '../../src/eventstore/descents.js';
import {
  type EventStore,
  RevisionConflict,
  StreamTombstoned,
} from '../../src/eventstore/event-store.js';
import { baseOf, type Streams, withLineage } from '../../src/eventstore/lineage.js';
import type { LogicalReadOptions } from '../../src/eventstore/parts.js';
import { counting } from '../support/counting-store.js';
import { openEmbeddedStore, type TestStore } from '../support/event-stores.js';
import { all, freshStream, newEvent, newEvents } from '../support/new-events.js';

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openEmbeddedStore();
  store = opened.store;
});
afterAll(() => opened.stop());

/** Forks a stream as commands do, and gives the fork's name. */
const fork = async (streams: Streams, parent: string, at: number): Promise<string> => {
  const stream = freshStream();
  const ancestry = ancestryAt(parent, (await streams.ancestryOf(parent))!, at);
  const forked = { ...newEvent(0), type: 'StreamForked', data: { ancestry, scope: 'stream' } };
  await streams.append(stream, [forked], 'none', baseOf(ancestry));
  return stream;
};

/** Appends at the end of a stream, which the caller knows to be at a revision. */
const append = async (
  streams: Streams,
  stream: string,
  events: Parameters<Streams['append']>[1],
  expected: number | 'none',
) => streams.append(stream, events, expected, baseOf((await streams.ancestryOf(stream)) ?? []));

type Step =
  | { do: 'begin'; events: number }
  | { do: 'append'; to: number; events: number }
  | { do: 'fork'; of: number; at: number };
type Look = Required<Pick<LogicalReadOptions, 'direction'>> & {
  at: number;
  from?: number;
  through?: number;
  limit?: number;
};

const few = fc.integer({ min: 1, max: 5 });
const pick = fc.nat(1_000);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('begin'), events: few }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant('append'), to: pick, events: few }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('fork'), of: pick, at: pick }) },
  ),
  { minLength: 5, maxLength: 20, size: 'max' },
);
const place = fc.nat(45);
const looks: fc.Arbitrary<Look[]> = fc.array(
  fc.record(
    {
      at: pick,
      direction: fc.constantFrom('forwards', 'backwards'),
      from: place,
      through: place,
      limit: place,
    },
    { requiredKeys: ['at', 'direction'] },
  ),
  { minLength: 12, maxLength: 12 },
);

/** A world where forking copies: every stream with the ids of all its events. */
type Model = Map<string, string[]>;

const nth = <Item>(items: readonly Item[], n: number): Item => items[n % items.length]!;

const carryOut = async (streams: Streams, model: Model, step: Step): Promise<void> => {
  const names = [...model.keys()];
  if (step.do === 'begin' || names.length === 0) {
    const name = freshStream();
    const events = newEvents(step.do === 'fork' ? 1 : step.events);
    await append(streams, name, events, 'none');
    model.set(
      name,
      events.map(({ id }) => id),
    );
  } else if (step.do === 'append') {
    const name = nth(names, step.to);
    const ids = model.get(name)!;
    const events = newEvents(step.events);
    const appended = await append(streams, name, events, ids.length - 1);
    ids.push(...events.map(({ id }) => id));
    expect(appended.revision).toBe(ids.length - 1);
  } else {
    const parent = nth(names, step.of);
    const ids = model.get(parent)!;
    const at = step.at % ids.length;
    const name = await fork(streams, parent, at);
    const [own] = await all(store.read(name));
    model.set(name, [...ids.slice(0, at + 1), own!.id]);
  }
};

const lookedUp = (ids: readonly string[], { direction, from, through, limit }: Look) => {
  const rows = ids
    .map((id, revision) => ({ id, revision }))
    .filter(({ revision }) => revision >= (from ?? 0) && revision <= (through ?? Infinity));
  return (direction === 'forwards' ? rows : rows.reverse()).slice(0, limit);
};

const read = async (streams: Streams, stream: string, options: LogicalReadOptions) =>
  (await all(streams.read(stream, options))).map(({ id, revision }) => ({ id, revision }));

it('reads any fork as if its parents had been copied, and leaves them as they were', () =>
  fc.assert(
    fc.asyncProperty(steps, looks, async (done, asked) => {
      const streams = withLineage(store);
      const model: Model = new Map();
      for (const step of done) await carryOut(streams, model, step);

      // One that remembers next to nothing has to find every ancestry again.
      for (const reader of [streams, withLineage(store, 1)]) {
        for (const look of asked) {
          const [stream, ids] = nth([...model], look.at);
          const { at: _, ...options } = look;
          expect(await read(reader, stream, options)).toStrictEqual(lookedUp(ids, look));
        }
        for (const [stream, ids] of model)
          expect((await read(reader, stream, {})).map(({ id }) => id)).toStrictEqual(ids);
      }
    }),
    { numRuns: 20 },
  ));

describe('the ancestry of a fork', () => {
  const ancestry: readonly Segment[] = [
    { stream: 'test-a', through: 4 },
    { stream: 'test-b', through: 9 },
  ];
  it('of a stream that is no fork is that stream', () =>
    expect(ancestryAt('test-a', [], 3)).toStrictEqual([{ stream: 'test-a', through: 3 }]));
  it('at a revision of its own adds the stream', () =>
    expect(ancestryAt('test-c', ancestry, 10)).toStrictEqual([
      ...ancestry,
      { stream: 'test-c', through: 10 },
    ]));
  it.each([
    [9, ancestry],
    [5, [ancestry[0], { stream: 'test-b', through: 5 }]],
    [4, [ancestry[0]]],
    [0, [{ stream: 'test-a', through: 0 }]],
  ])('at the inherited revision %i descends from who wrote that', (at, expected) =>
    expect(ancestryAt('test-c', ancestry, at)).toStrictEqual(expected),
  );
  it('says where its own events begin', () => {
    expect(baseOf(ancestry)).toBe(10);
    expect(baseOf([])).toBe(0);
  });
  it('is none for a stream that is not there, and empty for one that is no fork', async () => {
    const streams = withLineage(store);
    const stream = freshStream();
    expect(await streams.ancestryOf(stream)).toBeUndefined();
    await streams.append(stream, newEvents(1), 'none', 0);
    expect(await streams.ancestryOf(stream)).toStrictEqual([]);
  });
});

describe('a fork', () => {
  it('conflicts by the revisions that its users see', async () => {
    const streams = withLineage(store);
    const parent = freshStream();
    await append(streams, parent, newEvents(5), 'none');
    const stream = await fork(streams, parent, 3);
    for (const expected of [0, 3, 5, 'none'] as const) {
      const appended = append(streams, stream, newEvents(1), expected);
      await expect(appended).rejects.toThrow(RevisionConflict);
      await expect(appended).rejects.toMatchObject({ stream, expected });
    }
    expect(await append(streams, stream, newEvents(2), 4)).toMatchObject({ revision: 6 });
  });

  it('is read from no more streams than have events asked for', async () => {
    const counted = counting(store);
    const streams = withLineage(counted);
    const parent = freshStream();
    await append(streams, parent, newEvents(10), 'none');
    const child = await fork(streams, parent, 9);
    const grandchild = await fork(streams, child, 10);
    await all(streams.read(grandchild));

    const readsFor = async (options: LogicalReadOptions) => {
      counted.reset();
      const events = await all(streams.read(grandchild, options));
      expect(counted.counts().eventsRead).toBe(events.length);
      return counted.counts().reads;
    };
    expect(await readsFor({})).toBe(3);
    expect(await readsFor({ from: 2, through: 7 })).toBe(1);
    expect(await readsFor({ from: 11 })).toBe(1);
    expect(await readsFor({ direction: 'backwards', limit: 2 })).toBe(2);
    expect(await readsFor({ limit: 3 })).toBe(1);
    expect(await readsFor({ from: 5, through: 4 })).toBe(0);
    expect(await readsFor({ limit: 0 })).toBe(0);
  });

  it('is read whole by a node that does not know it as by one that does', async () => {
    const parent = freshStream();
    await append(withLineage(store), parent, newEvents(4), 'none');
    const child = await fork(withLineage(store), parent, 2);
    const known = withLineage(store);
    await known.ancestryOf(child);
    expect(await all(withLineage(store).read(child))).toEqual(await all(known.read(child)));
  });

  it('costs those nothing that are none: they are read whole in one read', async () => {
    const counted = counting(store);
    const stream = freshStream();
    await append(withLineage(store), stream, newEvents(3), 'none');
    const streams = withLineage(counted);
    expect(await all(streams.read(stream))).toHaveLength(3);
    expect(await streams.ancestryOf(stream)).toEqual([]);
    expect(counted.counts().reads).toBe(1);
  });

  it('cannot be read once its parent is deleted for good', async () => {
    const streams = withLineage(store);
    const parent = freshStream();
    await append(streams, parent, newEvents(2), 'none');
    const stream = await fork(streams, parent, 1);
    await store.tombstone(parent);
    await expect(all(streams.read(stream))).rejects.toThrow(StreamTombstoned);
    expect(await all(streams.read(stream, { from: 2 }))).toHaveLength(1);
  });
});
