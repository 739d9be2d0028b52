import { v5 } from 'uuid';
import type { CommandRequest } from '../../commands/request.js';
import { isRejection } from '../../domain/decider.js';
import { StreamTombstoned } from '../../eventstore/event-store.js';
import { carriedOut } from '../answers.js';
import type { Services } from '../services.js';

const patience = 5_000;
const atOnce = 100;

/**
 * Cancels what is left of a session's tasks, at once, and waits until their queues have counted it:
 * after that the tasks can be deleted for good without being missed in any number.
 *
 * @throws NotCaughtUp
 */
export const endTasks = async (
  { tasks, runner, collections }: Services,
  sessionId: string,
  { ifRevision: _, ...command }: CommandRequest,
): Promise<void> => {
  const found = await collections.tasks
    .find({ sessionId }, { projection: { id: 1, status: 1, inert: 1 } })
    .toArray();
  const unsettled = found.filter(
    ({ status, inert }) => !inert && status !== 'completed' && status !== 'cancelled',
  );
  let position = 0;
  for (let done = 0; done < unsettled.length; done += atOnce) {
    const outcomes = await Promise.all(
      unsettled.slice(done, done + atOnce).map(({ id }) => {
        const request = { ...command, commandId: v5(id, command.commandId) };
        const cancel = { type: 'CancelTask' as const, reason: 'session-deleted', atOnce: true };
        return tasks(id, [cancel], request).catch(unlessGone);
      }),
    );
    // One that was completed meanwhile is settled as well.
    for (const outcome of outcomes)
      if (outcome && !(isRejection(outcome) && outcome.rejected === 'task-already-settled'))
        position = Math.max(position, carriedOut(outcome).position);
  }
  await runner.progress('queues').reached(position, patience);
};

/** A deletion that was cut off may have deleted some tasks already. */
const unlessGone = (error: unknown): undefined => {
  if (!(error instanceof StreamTombstoned)) throw error;
};
