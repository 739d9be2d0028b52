import type { Filter } from 'mongodb';
import type { LiveTask } from '../domain/task.js';
import { submittedAs } from '../domain/task-rules.js';
import { given, withFields } from '../fields.js';
import type { Collections, TaskRecord } from './collections.js';

/** Where a task stands among those ready in its queue. */
export type ReadyPlace = Readonly<{ priority: number; readyPosition: number }>;

/** A ready task, as the read model has it: its state lacks the lease it was last handed out under. */
export type ReadyTaskRecord = ReadyPlace &
  Readonly<{
    id: string;
    revision: number;
    state: LiveTask;
    /** A fork's revisions begin where its ancestor's end. */
    isFork: boolean;
  }>;

/** The ready tasks of a queue: of all users, or of one. */
export type ReadyTasksOf = Readonly<{ queue: string; userId: string | undefined }>;

/**
 * Ready tasks in the order in which they are handed out, from after a place on. The cost is that of
 * the tasks found, however many there are.
 */
export const findReadyTasks = async (
  { tasks }: Pick<Collections, 'tasks'>,
  { queue, userId }: ReadyTasksOf,
  after: ReadyPlace | undefined,
  limit: number,
): Promise<readonly ReadyTaskRecord[]> => {
  const found: TaskRecord[] = [];
  // One range of the index at a time: the rest of the place's own priority, then the lower ones.
  for (const range of rangesAfter(after)) {
    const rest = limit - found.length;
    if (rest <= 0) break;
    const filter: Filter<TaskRecord> = {
      ...(userId !== undefined && { userId }),
      queue,
      status: 'ready',
      ...range,
    };
    const sorted = tasks.find(filter).sort({ priority: -1, readyPosition: 1 }).limit(rest);
    found.push(...(await sorted.toArray()));
  }
  return found.flatMap(asReady);
};

/** Those of some tasks that are ready. */
export const findReadyTasksById = async (
  { tasks }: Pick<Collections, 'tasks'>,
  ids: readonly string[],
): Promise<readonly ReadyTaskRecord[]> => {
  const streams = ids.map((id) => `task-${id}`);
  const found = await tasks.find({ _id: { $in: streams }, status: 'ready' }).toArray();
  return found.flatMap(asReady);
};

/** The names of queues that begin with a prefix and have ready tasks, in order; from `limit` on they are left out. */
export const findReadyQueues = async (
  { queues }: Pick<Collections, 'queues'>,
  { queue: prefix, userId }: ReadyTasksOf,
  limit: number,
): Promise<readonly string[]> => {
  const found = await queues
    .find(
      {
        ...(userId !== undefined && { userId }),
        queue: { $gte: prefix, $lt: `${prefix}${last}` },
        ready: { $gt: 0 },
      },
      { projection: { queue: 1 } },
    )
    .sort({ queue: 1 })
    .limit(limit)
    .toArray();
  return [...new Set(found.map(({ queue }) => queue))];
};

/** Comes after every character that a name may have. */
const last = '\u{10ffff}';

const rangesAfter = (place: ReadyPlace | undefined): readonly Filter<TaskRecord>[] => {
  if (!place) return [{}];
  const { priority, readyPosition } = place;
  return [{ priority, readyPosition: { $gt: readyPosition } }, { priority: { $lt: priority } }];
};

const asReady = ({ id, revision, readyPosition, ...task }: TaskRecord): ReadyTaskRecord[] => {
  if (readyPosition === undefined) return [];
  const { priority, attempts, cancelRequested, error, reason } = task;
  const more = { status: 'ready', attempts, cancelRequested, error, reason } as const;
  const state: LiveTask = withFields(submittedAs(task), given(more));
  return [{ id, revision, priority, readyPosition, state, isFork: task.ancestors !== undefined }];
};
