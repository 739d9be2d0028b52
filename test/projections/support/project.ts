import { expect } from '@jest/globals';
import type { Fact } from '../../../src/domain/decider.js';
import {
  byKey,
  foldDocument,
  foldRows,
  type StoredDocument,
  type StoredRow,
} from '../../../src/projecting/fold-batch.js';
import type { AnyProjection, FromStream, Projected } from '../../../src/projecting/projection.js';

/** The `n`th second of a day, at which the event at position n was created. */
export const second = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();

/** Facts of one stream, as projections see them: positions and revisions run on from 1 and from 0. */
export const eventsOf = (
  stream: string,
  facts: readonly Fact[],
  {
    first = 0,
    position = 1,
    inherited,
  }: { first?: number; position?: number; inherited?: object } = {},
): readonly Projected[] =>
  facts.map((fact, index) => ({
    ...fact,
    stream,
    revision: first + index,
    position: position + index,
    created: second(position + index),
    metadata: { ownerId: 'ann', userId: 'bob', $correlationId: 'req-1' },
    ...(inherited && index === 0 && { inherited: inherited as FromStream }),
  }));

/** A projection as the functions of the runner take it. */
export const anyOf = (projection: object): AnyProjection => projection as AnyProjection;

/**
 * The documents that events make, by `_id`. Folds them in one batch, in batches of one, and over
 * again, and expects the same each time.
 */
export const project = (projection: object, events: readonly Projected[]): readonly object[] => {
  const once = collectionOf(anyOf(projection));
  once.apply(events);
  const one = collectionOf(anyOf(projection));
  for (const event of events) one.apply([event]);
  expect(one.documents()).toStrictEqual(once.documents());
  one.apply(events);
  for (const event of events) one.apply([event]);
  expect(one.documents()).toStrictEqual(once.documents());
  return once.documents();
};

type Collection = Readonly<{
  apply(events: readonly Projected[]): void;
  documents(): readonly object[];
}>;

const collectionOf = (projection: AnyProjection): Collection => {
  const stored = new Map<string, StoredDocument>();
  const rows = new Map<number, StoredRow>();
  const documentsIn = (events: readonly Projected[]): void => {
    for (const [key, keyed] of byKey(projection, events)) {
      const folded = foldDocument(projection, key, keyed, stored.get(key));
      if (folded?.document) stored.set(key, folded.document);
      else if (folded) stored.delete(key);
    }
  };
  const rowsIn = (events: readonly Projected[]): void => {
    for (const [key, keyed] of byKey(projection, events)) {
      const open = [...rows.values()]
        .filter((row) => row.key === key && row.to === null)
        .sort((a, b) => a.from - b.from);
      const { opened, closed } = foldRows(projection, key, keyed, open);
      for (const row of [...opened, ...closed]) rows.set(row._id, row);
    }
  };
  return {
    apply: projection.ranged ? rowsIn : documentsIn,
    documents: () =>
      projection.ranged
        ? [...rows.values()].sort((a, b) => a._id - b._id)
        : [...stored.values()].sort((a, b) => (a._id < b._id ? -1 : 1)),
  };
};
