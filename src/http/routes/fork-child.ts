import { v5 } from 'uuid';
import { eventId } from '../../commands/event-id.js';
import { forkStream } from '../../commands/fork.js';
import type { CommandRequest, Outcome } from '../../commands/request.js';
import { type Decider, type Fact, isRejection } from '../../domain/decider.js';
import { deciders } from '../../domain/deciders.js';
import type { LiveExecution } from '../../domain/execution.js';
import type { Adoption, Origin } from '../../domain/fork.js';
import type { LiveTask } from '../../domain/task.js';
import { isOpen } from '../../domain/task-evolution.js';
import type { Moment } from '../../domain/time.js';
import { load } from '../../eventstore/load.js';
import type { Child } from '../../queries/children.js';
import { lastRevisionOf } from '../../replay/revision-at.js';
import type { AnyState } from '../../replay/state-at.js';
import { carriedOut } from '../answers.js';
import type { ProblemCode } from '../problem.js';
import type { Services } from '../services.js';

/** How the children of a session are taken along by a fork of it. */
export type Taking = Readonly<{
  /** As of when they are forked. */
  position: number;
  /** Where they belong from now on. */
  sessionId: string;
  forkedAt: Moment;
  /** Whether they go on by themselves. */
  resume: boolean;
  request: CommandRequest;
  /** The executions taken along so far: the id of each fork, by that of what it was forked from. */
  executions: Map<string, string>;
  /** The tasks of their stages, which their pipelines submit anew. */
  stageTasks: Set<string>;
}>;

export type TakenChild = Readonly<{ outcome: Outcome; forkedFrom: Origin }>;

type AnyDecider = Decider<object, AnyState, Fact, ProblemCode>;

/**
 * Forks what belongs to a session as it was at a position, if it was open then.
 *
 * @returns undefined when it was finished
 */
export const forkChild = async (
  { streams, snapshots }: Services,
  taking: Taking,
  { stream, id, category, isTakenAlong }: Child,
): Promise<TakenChild | undefined> => {
  // Each decider takes its own commands and events: what is asked of it below is of its category.
  const decider = deciders[category] as unknown as AnyDecider;
  const { position, sessionId, forkedAt, request } = taking;
  const revision = await lastRevisionOf(
    streams,
    stream,
    (event) =>
      event.position <= position ||
      // What its session's fork took along was written after the session, and began with it.
      (isTakenAlong && event.metadata.commandId === id),
  );
  if (revision === 'none') return undefined;
  const { state } = await load({ streams, snapshots }, decider, stream, { through: revision });
  if (!wasOpen(state, isTakenAlong)) return undefined;

  // Also the id of the command: the same whenever the session is forked by the same command.
  const forkId = v5(stream, request.commandId);
  if (category === 'execution') {
    taking.executions.set(id, forkId);
    const stageTask = (state as LiveExecution).dispatched?.taskId;
    if (stageTask !== undefined) taking.stageTasks.add(stageTask);
  }
  const fork = {
    of: id,
    at: revision,
    id: forkId,
    forkedAt,
    scope: 'tree' as const,
    adoption: adoptionOf(state, sessionId, taking.executions),
  };
  const forking = (amendments: readonly object[]) =>
    forkStream(
      streams,
      decider,
      { ...fork, amendments },
      { ...request, commandId: forkId },
      snapshots,
    );
  const resumed = await forking(taking.resume ? resuming(category, id, forkId, taking) : []);
  // A pipeline whose next stage is driven from outside has nothing to be put on a queue.
  const outcome =
    isRejection(resumed) && resumed.rejected === 'stage-not-queued' ? await forking([]) : resumed;
  return { outcome: carriedOut(outcome), forkedFrom: { stream, revision } };
};

/** Whether there was something to be done, or an answer to be given. */
const wasOpen = (state: AnyState, isTakenAlong: boolean): boolean => {
  const { status, inert } = state as Partial<LiveTask>;
  // A task that was taken along stands still, and is still to be done.
  const stands = isTakenAlong && inert === true && status === 'cancelled';
  return (
    stands || isOpen(state as LiveTask) || state.status === 'pending' || state.status === 'running'
  );
};

const adoptionOf = (
  state: AnyState,
  sessionId: string,
  executions: ReadonlyMap<string, string>,
): Adoption => {
  const { executionId } = state as Readonly<{ executionId?: string }>;
  const forked = executionId === undefined ? undefined : executions.get(executionId);
  return { sessionId, ...(forked !== undefined && { executionId: forked }) };
};

/** What sets a fork to work. */
const resuming = (
  category: Child['category'],
  id: string,
  forkId: string,
  { stageTasks }: Taking,
): readonly object[] => {
  if (category === 'execution') return [{ type: 'ResumeExecution', taskId: eventId(forkId, -1) }];
  if (category === 'task' && !stageTasks.has(id)) return [{ type: 'RetryTask' }];
  return [];
};
