import type { Caller } from '../commands/request.js';
import { type Delta, deltaBetween, difference } from '../domain/delta.js';
import type { Origin } from '../domain/fork.js';
import { partingOf } from '../replay/parting.js';
import { type CheckpointView, stateOf, viewOf } from './checkpoints.js';
import type { CheckpointRow, Collections } from './collections.js';
import {
  afterShared,
  beginning,
  cursorAt,
  historyOf,
  newestShared,
  type Place,
  placeOf,
  pointAt,
  rowsAfter,
} from './compare-rows.js';
import { type ExecutionView, findExecution } from './executions.js';

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
  const [left, right, shared] = await Promise.all([
    rowsAfter(collections, afterShared(ofA, common), place.a, limit + 1),
    rowsAfter(collections, afterShared(ofB, common), place.b, limit + 1),
    newestShared(collections, ofA, ofB, common),
  ]);

  const items: ComparedStage[] = [];
  let [taken, size] = [place, 0];
  let [i, j] = [0, 0];
  while (items.length < limit && size < fullPage) {
    const { fromA, fromB } = paired(left[i], right[j]);
    if (!fromA && !fromB) break;
    const item = await compared(collections, { fromA, fromB, shared, ids }, taken);
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

type Pair = Readonly<{ fromA: CheckpointRow | undefined; fromB: CheckpointRow | undefined }>;

/** Which of the next ones go together: those of the same stage; else the earlier stage goes alone. */
const paired = (a: CheckpointRow | undefined, b: CheckpointRow | undefined): Pair => ({
  fromA: a && (!b || a.stageOrder <= b.stageOrder) ? a : undefined,
  fromB: b && (!a || b.stageOrder <= a.stageOrder) ? b : undefined,
});

type Asked = Pair &
  Readonly<{
    shared: CheckpointRow | undefined;
    ids: Readonly<{ a: string; b: string }>;
  }>;

/**
 * A stage that one side alone saved anew is compared with the checkpoint that both go on from, where
 * that is of this stage: so a replay shows what was modified.
 */
const compared = async (
  collections: Collections,
  { fromA, fromB, shared, ids }: Asked,
  last: Place,
): Promise<ComparedStage> => {
  const stageOrder = fromA?.stageOrder ?? fromB?.stageOrder ?? 0;
  const isSameStage = stageOrder === Math.max(last.a.stageOrder, last.b.stageOrder);
  const occurrence = isSameStage ? last.occurrence + 1 : 1;
  const before = occurrence === 1 && shared?.stageOrder === stageOrder ? shared : undefined;
  const [a, b] = [fromA ?? before, fromB ?? before];
  return {
    stageOrder,
    occurrence,
    ...(a && { a: comparedView(a, ids.a) }),
    ...(b && { b: comparedView(b, ids.b) }),
    ...(a && b && (await differencesOf(collections, a, b))),
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
    executionId: id,
    status,
    revision,
    ...(currentStage && { currentStage }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(reason !== undefined && { reason }),
  };
};
