import type { Caller } from '../commands/request.js';
import { shownStream } from '../domain/archive.js';
import { type CheckpointView, listCheckpoints } from './checkpoints.js';
import type { Collections } from './collections.js';
import { type ExecutionView, findExecution } from './executions.js';
import { toCursor } from './page.js';
import { ancestryOf, stretchesOf } from './segments.js';
import { visibleTo } from './visible.js';

type ForkView = Readonly<{ stream: string; at: number; createdAt: string }>;

export type Timeline = Readonly<{
  executionId: string;
  status: ExecutionView['status'];
  currentStage?: NonNullable<ExecutionView['currentStage']>;
  /** The stage that a task carries out, and the task. */
  dispatched?: NonNullable<ExecutionView['dispatched']>;
  /** Whether the pipeline stands still until it is resumed. */
  held?: true;
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
  // One more than is shown: forks hang off a checkpoint up to where the next one is.
  const { items: read } = await listCheckpoints(collections, stream, {
    ...page,
    limit: page.limit + 1,
  });
  const items = read.slice(0, page.limit);
  const beyond = read[page.limit]?.revision;
  const last = items.at(-1)?.revision;
  const forks = await forksBetween(collections, caller, stream, {
    first: items.at(0)?.revision ?? Number.POSITIVE_INFINITY,
    end: beyond ?? Number.POSITIVE_INFINITY,
  });
  const { status, currentStage, dispatched, held, error, reason } = execution;
  const why = error ?? reason;
  return {
    executionId: id,
    status,
    ...(currentStage && { currentStage }),
    ...(dispatched && { dispatched }),
    ...(held && { held }),
    terminal: status !== 'running',
    ...(why !== undefined && { reason: why }),
    items: items.map(({ executionId: _, ...item }, index) => {
      const end = read[index + 1]?.revision ?? Number.POSITIVE_INFINITY;
      return { ...item, forks: forks.filter(({ at }) => item.revision <= at && at < end) };
    }),
    next: beyond !== undefined && last !== undefined ? toCursor([last]) : null,
  };
};

/** The forks made at revisions from `first` up to, not including, `end`. */
const forksBetween = async (
  collections: Collections,
  caller: Caller,
  stream: string,
  { first, end }: Readonly<{ first: number; end: number }>,
): Promise<readonly ForkView[]> => {
  if (first >= end) return [];
  const ancestry = (await ancestryOf(collections, stream)) ?? [];
  const own = [stream, ...ancestry.map((segment) => segment.stream)];
  const found = await Promise.all(
    stretchesOf(stream, ancestry, end - 1).map(({ stream: parent, low, high }) =>
      collections.streams
        .find({
          'forkedFrom.stream': shownStream(parent),
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
