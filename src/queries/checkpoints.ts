import type { Caller } from '../commands/request.js';
import { shownStream } from '../domain/archive.js';
import type { JsonObject, JsonValue } from '../domain/json.js';
import { fullState, fullStateEvery } from '../domain/stored-state.js';
import type { CheckpointRow, Collections } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';
import { prunedThrough } from './prunes.js';
import {
  ancestryOf,
  inQueries,
  lyingIn,
  originIn,
  postedAlong,
  type Stretch,
  stretchesOf,
} from './segments.js';
import { visibleTo } from './visible.js';

/** A checkpoint without its state. */
export type CheckpointView = Readonly<{
  id: string;
  executionId: string;
  agent: string;
  stage: string;
  stageOrder: number;
  /** The task whose result it is. */
  taskId?: string;
  createdAt: string;
  revision: number;
  /** Where it was saved, when that is another execution that this one was forked from. */
  origin?: Readonly<{ stream: string; revision: number }>;
}>;

export type CheckpointDetail = CheckpointView &
  Readonly<{ state: JsonObject; outputs?: JsonValue; processing?: readonly JsonObject[] }>;

export type CheckpointListOptions = Readonly<{ at?: number; cursor?: string; limit: number }>;

/**
 * An execution's checkpoints as of a revision, oldest first: inherited ones included, without those
 * that were pruned by then.
 *
 * @throws BadCursor
 */
export const listCheckpoints = async (
  collections: Collections,
  stream: string,
  { at, cursor, limit }: CheckpointListOptions,
): Promise<Page<CheckpointView>> => {
  const ancestry = await ancestryOf(collections, stream);
  // Without knowing what a stream descends from, a part of its checkpoints would pass for all of them.
  if (!ancestry) return { items: [], next: null };
  const stretches = stretchesOf(stream, ancestry, at);
  const shown = cursor === undefined ? -1 : Number(fromCursor(cursor, ['number'])[0]);
  const after = Math.max(shown, await prunedThrough(collections, stretches));
  const rows: CheckpointRow[] = [];
  for (const group of inQueries(stretches.filter(({ high }) => high > after))) {
    if (rows.length > limit) break;
    const found = await collections.checkpoints
      .find(postedAlong(group, after))
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

/**
 * A checkpoint that the caller may see, with its state in full; undefined also while the models lack
 * some of it.
 *
 * @param inStream the execution to look at it in; the one that saved it by default. It is not found
 *   where it was pruned, or was never there.
 */
export const findCheckpoint = async (
  collections: Collections,
  caller: Caller,
  checkpointId: string,
  inStream?: string,
): Promise<CheckpointDetail | undefined> => {
  const row = await rowOf(collections, caller, checkpointId, inStream);
  const stream = row && (inStream ?? shownStream(row.stream));
  const state = row && (await stateOf(collections, row));
  if (!row || !stream || !state) return undefined;
  const { outputs, processing } = row;
  return {
    ...viewOf(row, stream),
    state,
    ...(outputs !== undefined && { outputs }),
    ...(processing !== undefined && { processing }),
  };
};

/**
 * The row of a checkpoint that an execution has at its head, its own or inherited, and has not pruned.
 * Detached forks have copies: without an execution, the one that was there first counts.
 */
const rowOf = async (
  collections: Collections,
  caller: Caller,
  checkpointId: string,
  inStream: string | undefined,
): Promise<CheckpointRow | undefined> => {
  const stretches = inStream === undefined ? undefined : await stretchesIn(collections, inStream);
  const holders = stretches && { stream: { $in: stretches.map(({ stream }) => stream) } };
  const [row] = await collections.checkpoints
    .find({ checkpointId, ...holders, ...visibleTo(caller) })
    .sort({ position: 1, _id: 1 })
    .limit(1)
    .toArray();
  if (!row) return undefined;
  const parts = stretches ?? (await stretchesOfHolder(collections, row.stream));
  const isHeld = parts.some(
    ({ stream, low, high }) => stream === row.stream && low <= row.seq && row.seq <= high,
  );
  return isHeld && row.seq > (await prunedThrough(collections, parts)) ? row : undefined;
};

const stretchesIn = async (
  collections: Collections,
  stream: string,
  at?: number,
): Promise<readonly Stretch[]> =>
  stretchesOf(stream, (await ancestryOf(collections, stream)) ?? [], at);

/** What may have pruned a checkpoint that an execution, or an archive, holds itself. */
const stretchesOfHolder = async (
  collections: Collections,
  holder: string,
): Promise<readonly Stretch[]> => {
  const stream = shownStream(holder);
  // What an execution saved itself comes after all that its ancestors could have pruned.
  return stream === holder ? stretchesOf(stream, []) : stretchesIn(collections, stream);
};

/** Goes back to the last full state, at most {@link fullStateEvery} rows, and applies the deltas since. */
export const stateOf = async (
  collections: Collections,
  row: CheckpointRow,
): Promise<JsonObject | undefined> => {
  const chain: CheckpointRow[] = [row];
  const isWhole = () => 'state' in (chain.at(-1) ?? row);
  const before = isWhole() ? [] : await stretchesIn(collections, row.stream, row.seq - 1);
  for (const group of inQueries(before.toReversed())) {
    if (isWhole()) break;
    const earlier = await collections.checkpoints
      .find(lyingIn(group))
      .sort({ seq: -1, from: -1 })
      .limit(fullStateEvery)
      .toArray();
    const full = earlier.findIndex((each) => 'state' in each);
    chain.push(...(full < 0 ? earlier : earlier.slice(0, full + 1)));
  }
  if (!isWhole()) return undefined;
  return chain.reduceRight<JsonObject>((state, stored) => fullState(stored, state), {});
};

/** A row as it is shown in an execution that has it. */
export const viewOf = (row: CheckpointRow, stream: string): CheckpointView => ({
  id: row.checkpointId,
  executionId: stream.slice('execution-'.length),
  agent: row.agent,
  stage: row.stage,
  stageOrder: row.stageOrder,
  ...(row.taskId !== undefined && { taskId: row.taskId }),
  createdAt: row.createdAt,
  revision: row.seq,
  ...originIn(row, stream),
});
