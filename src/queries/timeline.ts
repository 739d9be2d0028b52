import type { Caller } from '../commands/request.js';
import { type CheckpointView, listCheckpoints } from './checkpoints.js';
import type { Collections } from './collections.js';
import { findExecution } from './executions.js';
import { ancestryOf, stretchesOf } from './segments.js';
import { visibleTo } from './visible.js';

type ForkView = Readonly<{ stream: string; at: number; createdAt: string }>;

export type Timeline = Readonly<{
  executionId: string;
  status: string;
  currentStage?: unknown;
  terminal: boolean;
  /** Why it ended, when it failed or was cancelled. */
  reason?: string;
  items: readonly (Omit<CheckpointView, 'executionId'> &
    Readonly<{ forks: readonly ForkView[] }>)[];
  next: string | null;
}>;

/** An execution's checkpoints in order, with the forks that hang off each. @throws BadCursor */
export const timelineOf = async (
  collections: Collections,
  caller: Caller,
  id: string,
  page: Readonly<{ cursor?: string; limit: number }>,
): Promise<Timeline | undefined> => {
  const execution = await findExecution(collections, caller, id);
  if (!execution) return undefined;
  const stream = `execution-${id}`;
  const { items, next } = await listCheckpoints(collections, stream, page);
  const forks = await forksBetween(collections, caller, stream, items);
  const { status, currentStage, error, reason } = execution;
  const why = error ?? reason;
  return {
    executionId: id,
    status,
    ...(currentStage && { currentStage }),
    terminal: status !== 'running',
    ...(why !== undefined && { reason: why }),
    items: items.map(({ executionId: _, ...item }, index) => {
      const end = items[index + 1]?.revision ?? Number.POSITIVE_INFINITY;
      return { ...item, forks: forks.filter(({ at }) => item.revision <= at && at < end) };
    }),
    next,
  };
};

const forksBetween = async (
  collections: Collections,
  caller: Caller,
  stream: string,
  items: readonly CheckpointView[],
): Promise<readonly ForkView[]> => {
  const first = items.at(0)?.revision;
  const last = items.at(-1)?.revision;
  if (first === undefined || last === undefined) return [];
  const ancestry = (await ancestryOf(collections, stream)) ?? [];
  const own = [stream, ...ancestry.map((segment) => segment.stream)];
  const found = await Promise.all(
    stretchesOf(stream, ancestry).map(({ stream: parent, low, high }) =>
      collections.streams
        .find({
          'forkedFrom.stream': parent,
          'forkedFrom.revision': {
            $gte: Math.max(low, first),
            ...(Number.isFinite(high) && { $lte: high }),
          },
          ...visibleTo(caller),
        })
        .sort({ 'forkedFrom.revision': 1, createdAt: 1, _id: 1 })
        .limit(1_000)
        .toArray(),
    ),
  );
  return found.flat().flatMap(({ _id, forkedFrom, createdAt }) =>
    // The way down to this execution is its own past, not something that hangs off it.
    forkedFrom && !own.includes(_id) ? [{ stream: _id, at: forkedFrom.revision, createdAt }] : [],
  );
};
