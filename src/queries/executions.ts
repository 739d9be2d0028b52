import type { Caller } from '../commands/request.js';
import type { ExecutionStatus } from '../domain/execution.js';
import type { Collections, ExecutionRecord } from './collections.js';
import { olderThan } from './newest-first.js';
import { type Page, toPage } from './page.js';
import { seenBy, visibleTo } from './visible.js';

type Hidden = '_id' | 'position' | 'stream' | 'ancestors' | 'createdPosition' | 'settledPosition';

export type ExecutionView = Omit<ExecutionRecord, Hidden>;

export type ExecutionListOptions = Readonly<{
  sessionId?: string;
  status?: ExecutionStatus;
  cursor?: string;
  limit: number;
}>;

/** Finds an execution that the caller may see; undefined when there is none of that id. */
export const findExecution = async (
  { executions, byId }: Collections,
  caller: Caller,
  id: string,
): Promise<ExecutionView | undefined> => {
  const found = seenBy(caller, await byId(executions, `execution-${id}`));
  return found ? viewOf(found) : undefined;
};

/** The caller's executions, newest activity first. @throws BadCursor */
export const listExecutions = async (
  { executions }: Collections,
  caller: Caller,
  { sessionId, status, cursor, limit }: ExecutionListOptions,
): Promise<Page<ExecutionView>> => {
  const read = await executions
    .find({
      ...visibleTo(caller),
      ...(sessionId !== undefined && { sessionId }),
      ...(status && { status }),
      ...(cursor && olderThan(cursor)),
    })
    .sort({ updatedAt: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ updatedAt, _id }) => [updatedAt, _id], viewOf);
};

/** The stage that a task carries out is the current one, as long as it does. */
const viewOf = (record: ExecutionRecord): ExecutionView => {
  const { _id, position, stream, ancestors, dispatched, ...shown } = record;
  const { createdPosition, settledPosition, ...view } = shown;
  if (!dispatched) return view;
  const { taskId, dispatchedAt, ...currentStage } = dispatched;
  return { ...view, currentStage, dispatched };
};
