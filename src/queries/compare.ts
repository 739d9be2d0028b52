import type { Caller } from '../commands/request.js';
import { type Delta, deltaBetween, difference } from '../domain/delta.js';
import type { Origin } from '../domain/fork.js';
import { type Descendant, partingOf } from '../replay/parting.js';
import { type CheckpointView, stateOf, viewOf } from './checkpoints.js';
import type { CheckpointRow, Collections } from './collections.js';
import { type ExecutionView, findExecution } from './executions.js';
import { fromCursor, toCursor } from './page.js';
import { prunedThrough } from './prunes.js';
import { ancestryOf, type Stretch, stretchesOf } from './segments.js';

type Side = Pick<ExecutionView, 'status' | 'currentStage' | 'output' | 'error' | 'reason'> &
  Readonly<{ executionId: string; revision: number }>;

type Compared = Omit<CheckpointView, 'executionId' | 'stageOrder'>;

/** The nth checkpoint of a stage since the two parted, on either side. */
export type ComparedStage = Readonly<{
  stageOrder: number;
  /** Counted from 1. */
  occurrence: number;
  a?: Compared;
  b?: Compared;
  /** What turns what `a` has into what `b` has (RFC 6902); there when both have the checkpoint. */
  state?: Delta;
  outputs?: Delta;
}>;

export type Comparison = Readonly<{
  /** The last event that the two share: a stream and its revision. Null for runs that are not related. */
  common: Origin | null;
  a: Side;
  b: Side;
  output: Delta;
  items: readonly ComparedStage[];
  next: string | null;
}>;

/** Differences of this size, in characters of JSON, end a page before its limit does. */
const fullPage = 4 * 1024 * 1024;

/**
 * Compares two executions from where they part, checkpoint by checkpoint in the order of their stages.
 * Where that is, their ancestries say: nothing that they share is read or compared, but for the full
 * state that the first difference builds on.
 *
 * @returns undefined when the caller may not see one of them
 * @throws BadCursor
 */
export const compareExecutions = async (
  collections: Collections,
  caller: Caller,
  ids: Readonly<{ a: string; b: string }>,
  { cursor, limit }: Readonly<{ cursor?: string; limit: number }>,
): Promise<Comparison | undefined> => {
  const [a, b] = await Promise.all([
    findExecution(collections, caller, ids.a),
    findExecution(collections, caller, ids.b),
  ]);
  if (!a || !b) return undefined;
  const [ofA, ofB] = await Promise.all([historyOf(collections, a), historyOf(collections, b)]);
  const common = partingOf(ofA, ofB) ?? null;
  const place = cursor === undefined ? beginning : placeOf(cursor);
  const [left, right] = await Promise.all([
    rowsAfter(collections, afterShared(ofA, common), place.a, limit + 1),
    rowsAfter(collections, afterShared(ofB, common), place.b, limit + 1),
  ]);

  const items: ComparedStage[] = [];
  let [taken, size] = [place, 0];
  let [i, j] = [0, 0];
  while (items.length < limit && size < fullPage) {
    const { fromA, fromB } = paired(left[i], right[j]);
    if (!fromA && !fromB) break;
    const item = await compared(collections, { fromA, fromB, ids }, taken);
    items.push(item);
    size += JSON.stringify(item).length;
    taken = {
      a: fromA ? pointAt(fromA) : taken.a,
      b: fromB ? pointAt(fromB) : taken.b,
      occurrence: item.occurrence,
    };
    if (fromA) i += 1;
    if (fromB) j += 1;
  }
  const isMore = i < left.length || j < right.length;
  return {
    common,
    a: sideOf(a),
    b: sideOf(b),
    output: difference(a.output, b.output),
    items,
    next: isMore ? cursorAt(taken) : null,
  };
};

// Where the two part.

/** What an execution is made of, and up to which revision its checkpoints are pruned. */
type History = Descendant & Readonly<{ pruned: number }>;

const historyOf = async (
  collections: Collections,
  { id, revision }: ExecutionView,
): Promise<History> => {
  const stream = `execution-${id}`;
  const ancestry = (await ancestryOf(collections, stream)) ?? [];
  const pruned = await prunedThrough(collections, stretchesOf(stream, ancestry));
  return { stream, ancestry, revision, pruned };
};

const afterShared = (
  { stream, ancestry, revision, pruned }: History,
  shared: Origin | null,
): readonly Stretch[] => {
  const first = Math.max(shared?.revision ?? -1, pruned) + 1;
  return stretchesOf(stream, ancestry, revision)
    .map((stretch) => ({ ...stretch, low: Math.max(stretch.low, first) }))
    .filter(({ low, high }) => low <= high);
};

// Going along both, stage by stage.

/** A checkpoint's place in the order of stages. */
type Point = Readonly<{ stageOrder: number; seq: number }>;
/** The last checkpoint compared on each side, and the last occurrence. */
type Place = Readonly<{ a: Point; b: Point; occurrence: number }>;

const before: Point = { stageOrder: -1, seq: -1 };
const beginning: Place = { a: before, b: before, occurrence: 0 };

// A cursor's numbers are counted from 0; before the first, places are at -1.
const cursorAt = ({ a, b, occurrence }: Place): string =>
  toCursor([a.stageOrder + 1, a.seq + 1, b.stageOrder + 1, b.seq + 1, occurrence]);

const placeOf = (cursor: string): Place => {
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

const pointAt = ({ stageOrder, seq }: Point): Point => ({ stageOrder, seq });

const inOrder = (one: Point, other: Point): number =>
  one.stageOrder - other.stageOrder || one.seq - other.seq;

/** The next checkpoints of a history by stage, without what may be large in them. */
const rowsAfter = async (
  { checkpoints }: Collections,
  stretches: readonly Stretch[],
  { stageOrder, seq }: Point,
  limit: number,
): Promise<readonly CheckpointRow[]> => {
  const found = await Promise.all(
    stretches.map(({ stream, low, high }) =>
      checkpoints
        .find({
          stream,
          stageOrder: { $gte: stageOrder },
          seq: { $gte: low, $lte: high },
          $or: [{ stageOrder: { $gt: stageOrder } }, { seq: { $gt: seq } }],
        })
        .sort({ stageOrder: 1, seq: 1 })
        .limit(limit)
        .project<CheckpointRow>({ state: 0, stateDelta: 0, outputs: 0, processing: 0 })
        .toArray(),
    ),
  );
  return found.flat().sort(inOrder).slice(0, limit);
};

type Pair = Readonly<{ fromA: CheckpointRow | undefined; fromB: CheckpointRow | undefined }>;

/** Which of the next ones go together: those of the same stage; else the earlier stage goes alone. */
const paired = (a: CheckpointRow | undefined, b: CheckpointRow | undefined): Pair => ({
  fromA: a && (!b || a.stageOrder <= b.stageOrder) ? a : undefined,
  fromB: b && (!a || b.stageOrder <= a.stageOrder) ? b : undefined,
});

const compared = async (
  collections: Collections,
  { fromA, fromB, ids }: Pair & Readonly<{ ids: Readonly<{ a: string; b: string }> }>,
  last: Place,
): Promise<ComparedStage> => {
  const stageOrder = fromA?.stageOrder ?? fromB?.stageOrder ?? 0;
  const isSameStage = stageOrder === Math.max(last.a.stageOrder, last.b.stageOrder);
  const differences = fromA && fromB ? await differencesOf(collections, fromA, fromB) : {};
  return {
    stageOrder,
    occurrence: isSameStage ? last.occurrence + 1 : 1,
    ...(fromA && { a: comparedView(fromA, ids.a) }),
    ...(fromB && { b: comparedView(fromB, ids.b) }),
    ...differences,
  };
};

const differencesOf = async (
  collections: Collections,
  { _id: a }: CheckpointRow,
  { _id: b }: CheckpointRow,
): Promise<Pick<ComparedStage, 'state' | 'outputs'>> => {
  const [rowA, rowB] = await Promise.all([
    collections.checkpoints.findOne({ _id: a }),
    collections.checkpoints.findOne({ _id: b }),
  ]);
  const stateA = rowA && (await stateOf(collections, rowA));
  const stateB = rowB && (await stateOf(collections, rowB));
  if (!stateA || !stateB) return {};
  const outputs = difference(rowA.outputs, rowB.outputs);
  return { state: deltaBetween(stateA, stateB), outputs };
};

const comparedView = (row: CheckpointRow, executionId: string): Compared => {
  const { executionId: _, stageOrder: __, ...view } = viewOf(row, `execution-${executionId}`);
  return view;
};

const sideOf = (view: ExecutionView): Side => {
  const { id, status, currentStage, output, error, reason, revision } = view;
  return {
    ...{ executionId: id, status, revision },
    ...(currentStage && { currentStage }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(reason !== undefined && { reason }),
  };
};
