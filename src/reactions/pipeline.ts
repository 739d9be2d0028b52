import { LRUCache } from 'lru-cache';
import { v5 } from 'uuid';
import type { CommandHandler } from '../commands/handle.js';
import type { CommandRequest } from '../commands/request.js';
import {
  type Execution,
  type ExecutionCommand,
  type ExecutionEvent,
  type ExecutionRejection,
  execution,
  hasQueues,
  type LiveExecution,
} from '../domain/execution.js';
import { stagePayload } from '../domain/stage-payload.js';
import {
  type OpenStatus,
  type TaskCommand,
  type TaskEvent,
  type TaskRejection,
  task,
} from '../domain/task.js';
import { type StoredEvent, StreamTombstoned } from '../eventstore/event-store.js';
import { firstState, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Told } from '../eventstore/told.js';
import { growingTo } from '../growing-to.js';
import type { Clock } from '../projecting/clock.js';
import { loneTasks } from './lone-tasks.js';
import type { Reaction } from './reaction.js';

export type PipelineParts = Readonly<{
  streams: Streams;
  executions: CommandHandler<ExecutionCommand, ExecutionRejection, Execution>;
  tasks: CommandHandler<TaskCommand, TaskRejection>;
  clock: Clock;
  /** Tells of tasks that belong to no execution; without it each is read when it has ended. */
  told?: Promise<Pick<Told, 'each'>>;
}>;

/** How a stage's task is carried out, unless its queue or its worker has it otherwise. */
const taskDefaults = { priority: 5, maxAttempts: 3, timeoutSeconds: 3_600 } as const;

const openStatuses: ReadonlySet<string> = new Set<OpenStatus>(['ready', 'delayed', 'running']);

const never = new Promise<never>(() => {});

/** For how many executions it is remembered whether any of their stages has a queue. */
const rememberedPipelines = 10_000;

type Event<Type extends (ExecutionEvent | TaskEvent)['type']> = StoredEvent &
  Extract<ExecutionEvent | TaskEvent, { type: Type }>;

type Handlers = {
  readonly [Type in (ExecutionEvent | TaskEvent)['type']]?: (
    event: Event<Type>,
  ) => Promise<unknown>;
};

/**
 * Moves pipelines: what the rules say is due after an event is asked for by a command, and the tasks
 * of stages are submitted and cancelled. Every command is one that changes nothing when it is not
 * its turn, and has an id made from the event's: events may come late, twice, and on two nodes at once.
 * Events that a fork inherits are none of its own, and never get here in its name.
 */
export const pipelineReaction = ({
  streams,
  executions,
  tasks,
  clock,
  told = never,
}: PipelineParts): Reaction => {
  const lone = loneTasks(told);
  const queued = new LRUCache<string, boolean>(growingTo(rememberedPipelines));

  /** Whether an execution has stages for tasks; which stages it has never changes. */
  const isQueued = async (stream: string): Promise<boolean> => {
    const known = queued.get(stream);
    if (known !== undefined) return known;
    const first = await firstState(streams, execution, stream);
    if (!first || first.status === 'absent') return false;
    const found = hasQueues(first.pipeline);
    queued.set(stream, found);
    return found;
  };

  /** An execution as it is now, as its handler knows it; undefined when it is not there, or no longer. */
  const executionOf = async (event: StoredEvent): Promise<LiveExecution | undefined> => {
    const found = await unlessDeleted(() =>
      executions(idOf(event.stream), [], requestFor(event, 'look')),
    );
    return found && 'state' in found && found.state.status !== 'absent' ? found.state : undefined;
  };

  const isUnderWay = (now: LiveExecution | undefined, taskId: string): now is LiveExecution =>
    now?.status === 'running' && now.dispatched?.taskId === taskId;

  const advance = async (event: StoredEvent): Promise<void> => {
    if (!(await isQueued(event.stream))) return;
    const taskId = v5('task', event.id);
    const command = { type: 'AdvancePipeline', taskId } as const;
    await executions(idOf(event.stream), [command], requestFor(event, 'advance'));
  };

  const cancelTask = (taskId: string, reason: string, event: StoredEvent): Promise<unknown> =>
    unlessDeleted(async () => {
      const { state } = await fold(streams, task, `task-${taskId}`);
      // One that was given up stays where those are looked for.
      if (openStatuses.has(state.status))
        await tasks(taskId, [{ type: 'CancelTask', reason }], requestFor(event, 'cancel'));
    });

  const submit = async (event: Event<'StageDispatched'>): Promise<void> => {
    const { stream, data } = event;
    const { taskId, stageOrder } = data;
    const dispatched = await executionOf(event);
    const stage = dispatched?.pipeline?.stages[stageOrder];
    if (isUnderWay(dispatched, taskId) && stage?.queue !== undefined) {
      const { userId, sessionId } = dispatched;
      const submitted = {
        ...taskDefaults,
        userId,
        type: stage.agent,
        queue: stage.queue,
        payload: stagePayload(idOf(stream), data, dispatched),
        executionId: idOf(stream),
        ...(sessionId !== undefined && { sessionId }),
      };
      const at = new Date(clock.now()).toISOString();
      const command = { type: 'SubmitTask', submitted, at } as const;
      // That there is one already is no harm: it was submitted before, when the state was another.
      await tasks(taskId, [command], requestFor(event, 'submit'));
    }
    // An execution that ended meanwhile found no task to cancel: one of the two sees the other.
    if (!isUnderWay(await executionOf(event), taskId))
      await cancelTask(taskId, 'the stage is no longer under way', event);
  };

  const release = async (event: StoredEvent): Promise<void> => {
    if (!(await isQueued(event.stream))) return;
    const ended = await executionOf(event);
    if (ended?.dispatched)
      await cancelTask(
        ended.dispatched.taskId,
        ended.reason ?? `the execution is ${ended.status}`,
        event,
      );
  };

  /** Tells the execution that a task belongs to what became of it. */
  const settle = async (event: StoredEvent, command: ExecutionCommand): Promise<void> => {
    const submitted = await firstState(streams, task, event.stream);
    if (!submitted || submitted.status === 'absent') return;
    const adoption = await streams.adoptionOf(event.stream);
    const executionId = adoption?.executionId ?? submitted.executionId;
    if (executionId === undefined) return;
    await executions(executionId, [command], requestFor(event, 'settle'));
  };

  const handlers: Handlers = {
    ExecutionStarted: advance,
    CheckpointSaved: advance,
    StageFinished: advance,
    StageDispatched: submit,
    ExecutionCompleted: release,
    ExecutionFailed: release,
    ExecutionCancelled: release,
    TaskCompleted: (event) => {
      const { result } = event.data;
      return settle(event, {
        type: 'FinishStage',
        taskId: idOf(event.stream),
        checkpointId: v5('checkpoint', event.id),
        ...(result !== undefined && { result }),
      });
    },
    TaskDeadLettered: async (event) => {
      const { state } = await fold(streams, task, event.stream, { through: event.revision });
      const error = (state.status !== 'absent' && state.error) || event.data.reason;
      await settle(event, { type: 'FailStage', taskId: idOf(event.stream), error });
    },
    TaskCancelled: (event) => {
      const { reason } = event.data;
      return settle(event, {
        type: 'CancelStage',
        taskId: idOf(event.stream),
        ...(reason !== undefined && { reason }),
      });
    },
  };

  return {
    name: 'pipelines',
    categories: ['execution', 'task'],
    types: Object.keys(handlers),
    ignores: ({ stream }) => lone.has(stream),
    handle: async (event) => {
      // The codec has checked that an event's data is what its type says.
      const handle = handlers[event.type as keyof Handlers] as
        | ((event: StoredEvent) => Promise<unknown>)
        | undefined;
      if (handle) await unlessDeleted(() => handle(event));
    },
  };
};

/** What was deleted for good needs nothing done to it any more. */
const unlessDeleted = async <Result>(
  action: () => Promise<Result>,
): Promise<Result | undefined> => {
  try {
    return await action();
  } catch (error) {
    if (error instanceof StreamTombstoned) return undefined;
    throw error;
  }
};

const requestFor = (event: StoredEvent, what: string): CommandRequest => ({
  commandId: v5(what, event.id),
  requestId: 'pipelines',
  caller: { userId: 'forkline', admin: true },
  causationId: event.id,
  ...(event.metadata.traceparent !== undefined && { traceparent: event.metadata.traceparent }),
});

const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
