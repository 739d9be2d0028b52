import type { BaselineHandler } from '../commands/handle.js';
import { isRejection } from '../domain/decider.js';
import type { Task, TaskCommand, TaskRejection } from '../domain/task.js';
import { heldState } from './happening.js';
import type { ReadyTask } from './ready-task.js';

export type TaskHandler = BaselineHandler<TaskCommand, TaskRejection, Task>;

/**
 * A handler that tells of each task that it has made ready, before its caller is answered: who submits
 * a task and then claims from the same node finds it there.
 */
export const noticing =
  (tasks: TaskHandler, ready: (task: ReadyTask) => void): TaskHandler =>
  async (id, commands, request, at) => {
    const outcome = await tasks(id, commands, request, at);
    if (isRejection(outcome) || outcome.added === 0 || outcome.state.status !== 'ready')
      return outcome;
    const { state, revision, position } = outcome;
    const { userId, queue, priority } = state;
    // The event that makes a task ready is the last of its append.
    const placed = { id, userId, queue, priority, readyPosition: position, revision };
    ready({ ...placed, ...heldState(state) });
    return outcome;
  };
