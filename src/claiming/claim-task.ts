import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import type { CommandRequest } from '../commands/request.js';
import { isRejection } from '../domain/decider.js';
import type { JsonValue } from '../domain/json.js';
import { type LiveTask, type Task, type TaskCommand, task } from '../domain/task.js';
import { RevisionConflict, StreamTombstoned } from '../eventstore/event-store.js';
import { type Folded, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Clock } from '../projecting/clock.js';
import type { TaskHandler } from './noticing.js';
import type { ReadyTask } from './ready-task.js';

/** A task as its holder is given it. */
export type ClaimedTask = Readonly<{
  id: string;
  userId: string;
  type: string;
  queue: string;
  priority: number;
  payload: JsonValue;
  /** Counted from 1. */
  attempt: number;
  maxAttempts: number;
  /** What the holder proves with that it is the one. */
  leaseToken: string;
  leaseExpiresAt: string;
  /** When the attempt's time is up: no lease goes beyond it. */
  timesOutAt: string;
  timeoutSeconds: number;
  sessionId?: string;
  executionId?: string;
  /** That of the claim. */
  revision: number;
  position: string;
}>;

/** What a claim is made with. */
export type Claimant = Readonly<{ workerId: string; leaseSeconds: number }>;

export type ClaimingServices = Readonly<{
  tasks: TaskHandler;
  streams: Streams;
  clock: Clock;
}>;

const tokenBytes = 18;

/**
 * Claims one task by an append at the revision that it was ready at, which needs no read where its
 * state is known. Whoever else claims it, on whatever node, appends at the same revision: one of them does.
 *
 * @param commandId a new one: a claim carried out again would be another claim
 * @returns undefined when the task was ready no longer
 * @throws what the event store throws; after StoreUnavailable the task may have been claimed
 */
export const claimTask = async (
  { tasks, streams, clock }: ClaimingServices,
  ready: ReadyTask,
  { workerId, leaseSeconds }: Claimant,
  request: CommandRequest,
  commandId: string = v7(),
): Promise<ClaimedTask | undefined> => {
  try {
    const known = await knownState(streams, ready);
    const at = new Date(clock.now()).toISOString();
    const leaseToken = randomBytes(tokenBytes).toString('base64url');
    const claim: TaskCommand = { type: 'ClaimTask', workerId, leaseToken, leaseSeconds, at };
    const { ifRevision: _, causationId = request.commandId, ...asked } = request;
    const outcome = await tasks(ready.id, [claim], { ...asked, causationId, commandId }, known);
    if (isRejection(outcome) || outcome.state.status === 'absent') return undefined;
    return claimedTask(ready.id, outcome.state, outcome);
  } catch (error) {
    if (error instanceof RevisionConflict || error instanceof StreamTombstoned) return undefined;
    throw error;
  }
};

const knownState = async (
  streams: Streams,
  { id, revision, readyPosition, state }: ReadyTask,
): Promise<Folded<Task>> =>
  state
    ? { state, revision, position: readyPosition, base: 0 }
    : fold(streams, task, `${task.category}-${id}`);

const claimedTask = (
  id: string,
  state: LiveTask,
  { revision, position }: Readonly<{ revision: number; position: number }>,
): ClaimedTask | undefined => {
  const { userId, type, queue, priority, payload, attempts, maxAttempts, timeoutSeconds } = state;
  const { lease, sessionId, executionId } = state;
  return (
    lease && {
      ...{ id, userId, type, queue, priority, payload, attempt: attempts, maxAttempts },
      leaseToken: lease.token,
      leaseExpiresAt: lease.expiresAt,
      timesOutAt: lease.timesOutAt,
      timeoutSeconds,
      ...(sessionId !== undefined && { sessionId }),
      ...(executionId !== undefined && { executionId }),
      revision,
      position: String(position),
    }
  );
};
