import type { Origin, Segment } from '../domain/fork.js';
import type { Descendant } from '../replay/parting.js';
import type { CheckpointRow, Collections } from './collections.js';
import type { ExecutionView } from './executions.js';
import { fromCursor, toCursor } from './page.js';
import { prunedThrough } from './prunes.js';
import {
  ancestryOf,
  anyOf,
  between,
  inQueries,
  lyingIn,
  pedigreeOf,
  type Stretch,
  stretchesOf,
  within,
} from './segments.js';

/** Leaves out what may be large in a row. */
const withoutBulk = { state: 0, stateDelta: 0, outputs: 0, processing: 0 } as const;

// Where the two part.

/** What an execution is made of, and up to which revision its checkpoints are pruned. */
export type History = Descendant &
  Readonly<{
    pruned: number;
    /** Where the rows of what it inherits lie. */
    rows: readonly Segment[];
  }>;

/** How an execution came about, by a few queries, and one more for every fifty ancestors. */
export const historyOf = async (
  collections: Collections,
  { id, revision }: ExecutionView,
): Promise<History> => {
  const stream = `execution-${id}`;
  const rows = (await ancestryOf(collections, stream)) ?? [];
  const pruned = await prunedThrough(collections, stretchesOf(stream, rows));
  return { stream, ancestry: await pedigreeOf(collections, stream), rows, revision, pruned };
};

/**
 * Where the checkpoints lie that an execution does not share with the other one, pruned ones left out.
 *
 * @param shared the last event that both have; null when they share none
 */
export const afterShared = (
  { stream, rows, revision, pruned }: History,
  shared: Origin | null,
): readonly Stretch[] =>
  within(stretchesOf(stream, rows, revision), Math.max(shared?.revision ?? -1, pruned) + 1);

/** The newest checkpoint that both executions have, and that neither has pruned; undefined when there is none. */
export const newestShared = async (
  { checkpoints }: Collections,
  { stream, rows, pruned }: History,
  { pruned: prunedToo }: History,
  common: Origin | null,
): Promise<CheckpointRow | undefined> => {
  if (!common) return undefined;
  const first = Math.max(pruned, prunedToo) + 1;
  const stretches = within(stretchesOf(stream, rows, common.revision), first);
  for (const group of inQueries(stretches.toReversed())) {
    const row = await checkpoints
      .find(lyingIn(group))
      .sort({ seq: -1, from: -1 })
      .limit(1)
      .project<CheckpointRow>(withoutBulk)
      .next();
    if (row) return row;
  }
  return undefined;
};

// Going along both, stage by stage.

/** A checkpoint's place in the order of stages. */
export type Point = Readonly<{ stageOrder: number; seq: number }>;
/** The last checkpoint compared on each side, and the last occurrence. */
export type Place = Readonly<{ a: Point; b: Point; occurrence: number }>;

const start: Point = { stageOrder: -1, seq: -1 };
/** The place before the first checkpoint of each side. */
export const beginning: Place = { a: start, b: start, occurrence: 0 };

// A cursor's numbers are counted from 0; before the first, places are at -1.
/** The cursor for the page after a place. */
export const cursorAt = ({ a, b, occurrence }: Place): string =>
  toCursor([a.stageOrder + 1, a.seq + 1, b.stageOrder + 1, b.seq + 1, occurrence]);

/**
 * The place that a cursor of {@link cursorAt} stands for.
 *
 * @throws BadCursor
 */
export const placeOf = (cursor: string): Place => {
  const types = ['number', 'number', 'number', 'number', 'number'] as const;
  const [orderA = 0, seqA = 0, orderB = 0, seqB = 0, occurrence = 0] = fromCursor(
    cursor,
    types,
  ).map(Number);
  return {
    a: { stageOrder: orderA - 1, seq: seqA - 1 },
    b: { stageOrder: orderB - 1, seq: seqB - 1 },
    occurrence,
  };
};

/** The place of a checkpoint's row in the order of stages. */
export const pointAt = ({ stageOrder, seq }: Point): Point => ({ stageOrder, seq });

const inOrder = (one: Point, other: Point): number =>
  one.stageOrder - other.stageOrder || one.seq - other.seq;

/** The next checkpoints of a history by stage, without what may be large in them. */
export const rowsAfter = async (
  { checkpoints }: Collections,
  stretches: readonly Stretch[],
  point: Point,
  limit: number,
): Promise<readonly CheckpointRow[]> => {
  const found = await Promise.all(
    inQueries(stretches).map((group) =>
      checkpoints
        .find(afterPoint(group, point))
        .sort({ stageOrder: 1, seq: 1 })
        .limit(limit)
        .project<CheckpointRow>(withoutBulk)
        .toArray(),
    ),
  );
  return found.flat().sort(inOrder).slice(0, limit);
};

/** The condition for what is left of a stage, and for later stages: two stretches of an index, each in order. */
const afterPoint = (stretches: readonly Stretch[], { stageOrder, seq }: Point) =>
  anyOf([
    ...within(stretches, seq + 1).map(({ stream, low, high }) => ({
      stream,
      stageOrder,
      seq: between(low, high),
    })),
    ...stretches.map(({ stream, low, high }) => ({
      stream,
      stageOrder: { $gt: stageOrder },
      seq: between(low, high),
    })),
  ]);
