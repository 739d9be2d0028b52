import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import type { Handled } from '../commands/handle.js';
import type { CommandRequest } from '../commands/request.js';
import { isRejection } from '../domain/decider.js';
import type { JsonValue } from '../domain/json.js';
import { type Task, type TaskCommand, task } from '../domain/task.js';
import { RevisionConflict, StreamTombstoned } from '../eventstore/event-store.js';
import { type Folded, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import { withFields } from '../fields.js';
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
  claimant: Claimant,
  asked: CommandRequest,
  commandId: string = v7(),
): Promise<ClaimedTask | undefined> => {
  try {
    const known = await knownState(streams, ready);
    const { commands, request } = claimCommand(clock, claimant, asked, commandId);
    const outcome = await tasks(ready.id, commands, request, known);
    return isRejection(outcome) ? undefined : claimedTask(outcome);
  } catch (error) {
    if (error instanceof RevisionConflict || error instanceof StreamTombstoned) return undefined;
    throw error;
  }
};

/** The command that claims a task, and what it is asked by: that of the claim, under an id of its own. */
export const claimCommand = (
  clock: Clock,
  { workerId, leaseSeconds }: Claimant,
  { ifRevision: _, causationId, ...asked }: CommandRequest,
  commandId: string,
): Readonly<{ commands: readonly [TaskCommand]; request: CommandRequest }> => {
  const at = new Date(clock.now()).toISOString();
  const leaseToken = randomBytes(tokenBytes).toString('base64url');
  return {
    commands: [{ type: 'ClaimTask', workerId, leaseToken, leaseSeconds, at }],
    request: withFields(asked, { causationId: causationId ?? asked.commandId, commandId }),
  };
};

const knownState = async (
  streams: Streams,
  { id, revision, readyPosition, state }: ReadyTask,
): Promise<Folded<Task>> =>
  state
    ? { state, revision, position: readyPosition, base: 0 }
    : fold(streams, task, `${task.category}-${id}`);

/** What the holder is given, of what came of a claim. */
export const claimedTask = ({
  id,
  state,
  revision,
  position,
}: Handled<Task>): ClaimedTask | undefined => {
  if (state.status === 'absent') return undefined;
  const { userId, type, queue, priority, payload, attempts, maxAttempts, timeoutSeconds } = state;
  const { lease, sessionId, executionId } = state;
  return (
    lease && {
      id,
      userId,
      type,
      queue,
      priority,
      payload,
      attempt: attempts,
      maxAttempts,
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
