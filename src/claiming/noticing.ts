import type { BaselineHandler } from '../commands/handle.js';
import { isRejection } from '../domain/decider.js';
import type { Submitted, Task, TaskCommand, TaskRejection } from '../domain/task.js';
import { withFields } from '../fields.js';
import type { Claims } from './claims.js';
import { heldState } from './happening.js';

export type TaskHandler = BaselineHandler<TaskCommand, TaskRejection, Task>;

/**
 * A handler that tells of each task that it has made ready, before its caller is answered: who submits
 * a task and then claims from the same node finds it there. A task that somebody waits for is claimed by them in
 * the same append instead.
 */
export const noticing =
  (tasks: TaskHandler, { reserve, ready }: Pick<Claims, 'reserve' | 'ready'>): TaskHandler =>
  async (id, commands, request, at) => {
    const submitted = submittedBy(commands);
    const reservation = submitted && reserve(submitted);
    try {
      const outcome = await tasks(id, commands, request, at, reservation?.claim);
      if (isRejection(outcome) || outcome.added === 0 || outcome.state.status !== 'ready')
        return outcome;
      const { state, revision, position } = outcome;
      const { userId, queue, priority } = state;
      // The event that makes a task ready is the last of its append.
      const placed = { id, userId, queue, priority, readyPosition: position, revision };
      ready(withFields(placed, heldState(state)));
      return outcome;
    } finally {
      reservation?.over();
    }
  };

/** The task that commands submit, if it is to be ready at once. */
const submittedBy = ([command, ...others]: readonly TaskCommand[]): Submitted | undefined =>
  others.length === 0 && command?.type === 'SubmitTask' && command.submitted.notBefore === undefined
    ? command.submitted
    : undefined;
