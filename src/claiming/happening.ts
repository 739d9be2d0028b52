import type { Fact } from '../domain/decider.js';
import { type Task, type TaskEvent, task } from '../domain/task.js';
import { type StoredEvent, tombstoneType } from '../eventstore/event-store.js';
import { sizeOf } from '../eventstore/size.js';
import { withFields } from '../fields.js';
import type { ReadyTask } from './ready-task.js';

/** What an event means to the queues of ready tasks. */
export type Happening =
  | Readonly<{ type: 'ready'; task: ReadyTask }>
  /** The event does not say where the task stands: the read model does. */
  | Readonly<{ type: 'ready-again'; id: string; queue: string; userId: string; revision: number }>
  | Readonly<{
      type: 'gone';
      id: string;
      queue: string;
      userId: string;
      revision: number;
      /** The command that took it, if it was claimed. */
      claimedBy?: string;
    }>
  /** Deleted for good: of which queue it was is no longer known. */
  | Readonly<{ type: 'deleted'; id: string }>;

const prefix = `${task.category}-`;

/** The most that a task's state may take to be held in memory with its place in the queue, in bytes. */
const largestHeldState = 8 * 1024;

/**
 * The state of a task to be kept with its place in a queue: `{ state }`, or `{}` for a task that is
 * large, absent or a fork. A fork's revisions do not start at 0, so a claim has to read where it
 * stands.
 */
export const heldState = (state: Task): Pick<ReadyTask, 'state'> =>
  state.status !== 'absent' &&
  state.forkedFrom === undefined &&
  sizeOf(state.payload) <= largestHeldState
    ? { state }
    : {};

/** What a stored event means to the queues; undefined for one that means nothing to them. */
export const happeningOf = (event: StoredEvent): Happening | undefined => {
  const { stream, revision, position, metadata } = event;
  if (!stream.startsWith(prefix)) return undefined;
  const id = stream.slice(prefix.length);
  if (event.type === tombstoneType) return { type: 'deleted', id };

  // The codec has checked it; one of another type falls through the cases.
  const { type, data } = event as Fact as TaskEvent;
  const again = (queue: string) =>
    ({ type: 'ready-again', id, queue, userId: metadata.ownerId, revision }) as const;
  switch (type) {
    case 'TaskSubmitted': {
      if (data.delayed) return undefined;
      const { queue, userId, priority } = data;
      const state = heldState(task.evolve(task.initial, { type, data }));
      const placed = { id, queue, userId, priority, readyPosition: position, revision };
      return { type: 'ready', task: withFields(placed, state) };
    }
    case 'TaskBecameDue':
    case 'TaskRetried':
      return again(data.queue);
    case 'TaskAttemptFailed':
    case 'TaskLeaseExpired':
      return data.retryAt === undefined && !data.final ? again(data.queue) : undefined;
    case 'TaskClaimed':
    case 'TaskCancelled': {
      const gone = { id, queue: data.queue, userId: metadata.ownerId, revision };
      const claimedBy = type === 'TaskClaimed' ? { claimedBy: metadata.commandId } : {};
      return { type: 'gone', ...gone, ...claimedBy };
    }
    default:
      return undefined;
  }
};
