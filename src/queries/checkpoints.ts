import type { Caller } from '../commands/request.js';
import { fullState, fullStateEvery } from '../domain/execution.js';
import type { Segment } from '../domain/fork.js';
import type { JsonObject } from '../domain/json.js';
import type { CheckpointRow, Collections } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';
import { ancestryOf, stretchesOf, trueAt } from './segments.js';
import { visibleTo } from './visible.js';

/** A checkpoint without its state. */
export type CheckpointView = Readonly<{
  id: string;
  executionId: string;
  agent: string;
  stage: string;
  stageOrder: number;
  createdAt: string;
  revision: number;
  /** Where it was saved, when that is another execution that this one was forked from. */
  origin?: Readonly<{ stream: string; revision: number }>;
}>;

export type CheckpointDetail = CheckpointView &
  Readonly<{ state: JsonObject; outputs?: unknown; processing?: unknown }>;

export type CheckpointListOptions = Readonly<{ at?: number; cursor?: string; limit: number }>;

/** An execution's checkpoints as of a revision, oldest first, inherited ones included. @throws BadCursor */
export const listCheckpoints = async (
  collections: Collections,
  stream: string,
  { at, cursor, limit }: CheckpointListOptions,
): Promise<Page<CheckpointView>> => {
  const ancestry = await ancestryOf(collections, stream);
  // Without knowing what a stream descends from, a part of its checkpoints would pass for all of them.
  if (!ancestry) return { items: [], next: null };
  const after = cursor === undefined ? -1 : Number(fromCursor(cursor, ['number'])[0]);
  const rows: CheckpointRow[] = [];
  for (const { stream: holder, low, high } of stretchesOf(stream, ancestry, at)) {
    if (rows.length > limit || after >= high) continue;
    const found = await collections.checkpoints
      .find({
        stream: holder,
        seq: { $gte: Math.max(low, after + 1), ...(Number.isFinite(high) && { $lte: high }) },
        ...trueAt(high),
      })
      .sort({ seq: 1, from: 1 })
      .limit(limit + 1 - rows.length)
      .toArray();
    rows.push(...found);
  }
  return toPage(
    rows,
    limit,
    ({ seq }) => [seq],
    (row) => viewOf(row, stream),
  );
};

/** A checkpoint that the caller may see, with its state in full; undefined also while the models lack some of it. */
export const findCheckpoint = async (
  collections: Collections,
  caller: Caller,
  checkpointId: string,
): Promise<CheckpointDetail | undefined> => {
  const [row] = await collections.checkpoints
    .find({ checkpointId, ...visibleTo(caller) })
    .sort({ position: 1, _id: 1 })
    .limit(1)
    .toArray();
  const state = row && (await stateOf(collections, row));
  if (!state) return undefined;
  const { outputs, processing } = row;
  return {
    ...viewOf(row, row.stream),
    state,
    ...(outputs !== undefined && { outputs }),
    ...(processing !== undefined && { processing }),
  };
};

/** Goes back to the last full state, at most {@link fullStateEvery} rows, and applies the deltas since. */
const stateOf = async (
  collections: Collections,
  row: CheckpointRow,
): Promise<JsonObject | undefined> => {
  const chain: CheckpointRow[] = [row];
  const ancestry = 'state' in row ? [] : await ancestryOf(collections, row.stream);
  const segments: readonly Segment[] = [
    ...(ancestry ?? []),
    { stream: row.stream, through: row.seq - 1 },
  ];
  for (const { stream, through } of [...segments].reverse()) {
    if ('state' in (chain.at(-1) ?? row)) break;
    const before = await collections.checkpoints
      .find({ stream, seq: { $lte: through } })
      .sort({ seq: -1, from: -1 })
      .limit(fullStateEvery)
      .toArray();
    const full = before.findIndex((earlier) => 'state' in earlier);
    chain.push(...(full < 0 ? before : before.slice(0, full + 1)));
  }
  if (!('state' in (chain.at(-1) ?? row))) return undefined;
  return chain.reduceRight<JsonObject>((before, stored) => fullState(stored, before), {});
};

const viewOf = (row: CheckpointRow, stream: string): CheckpointView => ({
  id: row.checkpointId,
  executionId: stream.slice('execution-'.length),
  agent: row.agent,
  stage: row.stage,
  stageOrder: row.stageOrder,
  createdAt: row.createdAt,
  revision: row.seq,
  ...(row.stream !== stream && { origin: { stream: row.stream, revision: row.seq } }),
});
