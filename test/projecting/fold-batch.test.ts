import { describe, expect, it } from '@jest/globals';
import {
  beginners,
  byKey,
  foldDocument,
  foldRows,
  keptEvery,
  type StoredRow,
} from '../../src/projecting/fold-batch.js';
import type { AnyProjection, Projected } from '../../src/projecting/projection.js';
import { anyOf, eventsOf } from '../projections/support/project.js';

type Sum = Readonly<{ stream: string; total: number; revision: number }>;
type Added = Projected<Readonly<{ type: string; data: { n: number } }>>;

/** One document a stream: the sum of the numbers added to it, until it is cleared. */
const sums: AnyProjection = anyOf({
  name: 'sums',
  version: 1,
  category: 'sum',
  indexes: [],
  key: ({ stream }: Projected) => stream,
  begins: ({ revision }: Projected) => revision === 0,
  on: {
    Added: (sum: Sum | undefined, { data, stream, revision }: Added) => ({
      stream,
      total: (sum?.total ?? 0) + data.n,
      revision,
    }),
    Cleared: () => undefined,
    Ignored: (sum: Sum | undefined) => sum,
  },
});
const added = (...numbers: readonly number[]) =>
  eventsOf(
    'sum-1',
    numbers.map((n) => ({ type: 'Added', data: { n } })),
  );
const stored = (total: number, position: number) => ({
  ...{ _id: 'sum-1', stream: 'sum-1', total, revision: position - 1, position },
});
const fold = (events: readonly Projected[], before?: ReturnType<typeof stored>) =>
  foldDocument(sums, 'sum-1', events, before);

describe('sorting a batch by document', () => {
  it('keeps the order of each document and leaves out what concerns none', () => {
    const others = eventsOf('sum-2', [{ type: 'Added', data: { n: 5 } }], { position: 10 });
    const foreign = eventsOf('summary-1', [{ type: 'Added', data: { n: 5 } }], { position: 11 });
    const unknown = eventsOf('sum-3', [{ type: 'Renamed', data: {} }], { position: 12 });
    const [one, two] = added(1, 2);
    const keyed = byKey(sums, [one!, ...others, two!, ...foreign, ...unknown]);
    expect([...keyed]).toEqual([
      ['sum-1', [one, two]],
      ['sum-2', others],
    ]);
  });

  it('tells which documents begin in it', () => {
    const later = eventsOf('sum-2', [{ type: 'Added', data: { n: 1 } }], { first: 3, position: 9 });
    const keyed = byKey(sums, [...added(1, 2), ...later]);
    expect([...beginners(sums, keyed)]).toEqual(['sum-1']);
    expect([...beginners({ ...sums, begins: () => false }, keyed)]).toEqual([]);
  });
});

describe('folding a document', () => {
  it('takes up where the stored one ends', () => {
    expect(fold(added(1, 2, 3).slice(1), stored(1, 1))?.document).toEqual(stored(6, 3));
  });

  it('passes over events that are in the stored one already', () => {
    expect(fold(added(1, 2, 3), stored(3, 2))?.document).toEqual(stored(6, 3));
  });

  it('has nothing to write when all of them are in it', () => {
    expect(fold(added(1, 2), stored(3, 2))).toBeUndefined();
    expect(fold(added(1, 2), stored(7, 9))).toBeUndefined();
  });

  it('says that the document is to be removed, and by which event', () => {
    const events = eventsOf('sum-1', [{ type: 'Cleared', data: {} }], { position: 5 });
    expect(fold(events, stored(1, 1))).toEqual({ _id: 'sum-1', position: 5, marks: [] });
  });

  it('keeps no marks of a document that none inherits', () => {
    expect(fold(added(1, 2, 3))?.marks).toEqual([]);
  });
});

describe('the marks of a document that forks inherit', () => {
  const inheriting: AnyProjection = { ...sums, inherits: true };
  const marksOf = (count: number, size: number): readonly (readonly [string, unknown])[] => {
    const events = added(...Array.from({ length: count }, () => 1));
    const marks: (readonly [string, unknown])[] = [];
    let before: ReturnType<typeof stored> | undefined;
    for (let start = 0; start < count; start += size) {
      const folded = foldDocument(inheriting, 'sum-1', events.slice(start, start + size), before);
      for (const { _id, document } of folded?.marks ?? [])
        marks.push([_id, (document as unknown as Sum).total]);
      before = folded?.document as unknown as typeof before;
    }
    return marks;
  };

  it('are each state that fills a stretch of revisions, however batches fall', () => {
    const expected = [
      [`sum-1@${keptEvery}`, keptEvery + 1],
      [`sum-1@${2 * keptEvery}`, 2 * keptEvery + 1],
    ];
    for (const size of [1, 3, 64, 65, 1000]) expect(marksOf(150, size)).toEqual(expected);
  });

  it('are the first own state of a fork, too', () => {
    const [begun] = added(1).map((event) => ({ ...event, revision: 7 }));
    const { marks } = foldDocument(inheriting, 'sum-1', [begun!], undefined)!;
    expect(marks.map(({ _id }) => _id)).toEqual(['sum-1@7']);
  });
});

describe('folding rows', () => {
  const ranged: AnyProjection = { ...sums, ranged: true };
  const row = (from: number, total: number, to: number | null = null): StoredRow =>
    ({
      ...{ _id: from + 1, stream: 'sum-1', key: 'sum-1', total, revision: from },
      ...{ from, to, position: (to ?? from) + 1 },
    }) as StoredRow;
  const rowsOf = (events: readonly Projected[], open: readonly StoredRow[] = []) =>
    foldRows(ranged, 'sum-1', events, open);

  it('opens a row for each change and closes the one before', () => {
    expect(rowsOf(added(1, 2, 3))).toEqual({
      opened: [row(0, 1, 1), row(1, 3, 2), row(2, 6)],
      closed: [],
    });
  });

  it('closes the row that was open', () => {
    expect(rowsOf(added(1, 2).slice(1), [row(0, 1)])).toEqual({
      opened: [row(1, 3)],
      closed: [row(0, 1, 1)],
    });
  });

  it('closes what a crash between opening and closing left open, and opens nothing again', () => {
    expect(rowsOf(added(1, 2), [row(0, 1), row(1, 3)])).toEqual({
      opened: [],
      closed: [row(0, 1, 1)],
    });
  });

  it('goes on after such a crash from the newer row', () => {
    expect(rowsOf(added(1, 2, 3), [row(0, 1), row(1, 3)])).toEqual({
      opened: [row(2, 6)],
      closed: [row(0, 1, 1), row(1, 3, 2)],
    });
  });

  it('closes a row where the next one began when a crash came after several were opened', () => {
    // The row between the two is closed already, and so is not among the open ones.
    expect(rowsOf(added(1, 2, 3), [row(0, 1), row(2, 6)])).toMatchObject({
      closed: [row(0, 1, 1)],
    });
    expect(rowsOf(added(1, 2), [row(0, 1), row(2, 6)])).toMatchObject({ closed: [row(0, 1, 1)] });
  });

  it('goes on from the newest row where all are newer than the first events', () => {
    expect(rowsOf(added(1, 2, 3, 4), [row(1, 3), row(2, 6)])).toEqual({
      opened: [row(3, 10)],
      closed: [row(1, 3, 2), row(2, 6, 3)],
    });
  });

  it('passes over events that are in the rows already', () => {
    expect(rowsOf(added(1, 2), [row(1, 3)])).toEqual({ opened: [], closed: [] });
  });

  it('opens no row for an event that changes nothing or ends nothing', () => {
    const facts = [
      { type: 'Ignored', data: {} },
      { type: 'Cleared', data: {} },
    ];
    const events = eventsOf('sum-1', facts, { first: 1, position: 2 });
    expect(rowsOf(events, [row(0, 1)])).toEqual({ opened: [], closed: [] });
  });
});
