import type { Caller } from '../commands/request.js';
import type { TaskStatus } from '../domain/task.js';
import type { Collections, TaskRecord } from './collections.js';
import { createdBefore } from './newest-first.js';
import { type Page, toPage } from './page.js';
import { seenBy, visibleTo } from './visible.js';

type Hidden =
  | '_id'
  | 'position'
  | 'stream'
  | 'ancestors'
  | 'readyPosition'
  | 'createdPosition'
  | 'settledPosition';

export type TaskView = Omit<TaskRecord, Hidden>;

/** A task without what went into it and what came out of it, as lists have it. */
export type TaskSummary = Omit<TaskView, 'payload' | 'result'>;

export type TaskListOptions = Readonly<{
  queue?: string;
  status?: TaskStatus;
  type?: string;
  sessionId?: string;
  workerId?: string;
  cursor?: string;
  limit: number;
}>;

/** Finds a task that the caller may see; undefined when there is none of that id. */
export const findTask = async (
  { tasks, byId }: Collections,
  caller: Caller,
  id: string,
): Promise<TaskView | undefined> => {
  const found = seenBy(caller, await byId(tasks, `task-${id}`));
  return found ? viewOf(found) : undefined;
};

/** The caller's tasks, newest first. @throws BadCursor */
export const listTasks = async (
  { tasks }: Collections,
  caller: Caller,
  { queue, status, type, sessionId, workerId, cursor, limit }: TaskListOptions,
): Promise<Page<TaskSummary>> => {
  const read = await tasks
    .find<Omit<TaskRecord, 'payload' | 'result'>>(
      {
        ...visibleTo(caller),
        ...(queue !== undefined && { queue }),
        ...(status && { status }),
        ...(type !== undefined && { type }),
        ...(sessionId !== undefined && { sessionId }),
        ...(workerId !== undefined && { workerId }),
        ...(cursor && createdBefore(cursor)),
      },
      { projection: { payload: 0, result: 0 } },
    )
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ createdAt, _id }) => [createdAt, _id], viewOf);
};

const viewOf = <Shown extends Pick<TaskRecord, Hidden>>({
  _id,
  position,
  stream,
  ancestors,
  readyPosition,
  createdPosition,
  settledPosition,
  ...view
}: Shown): Omit<Shown, Hidden> => view;
