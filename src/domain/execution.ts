import { OrderedMap } from 'immutable';
import { withFields } from '../fields.js';
import { type Decider, evolveWith, type Fact } from './decider.js';
import { decideExecution } from './execution-rules.js';
import { fingerprint } from './fingerprint.js';
import {
  adoptionIn,
  detached,
  type ForkOrigin,
  originOf,
  type StreamDetached,
  type StreamForked,
} from './fork.js';
import type { JsonObject, JsonValue } from './json.js';
import { fullState, type StoredState } from './stored-state.js';

// Events. Names and fields are the storage format.

/** A stage with a queue is carried out by a task on it; one without is driven from outside. */
export type Stage = Readonly<{ name: string; agent: string; queue?: string }>;
export type Pipeline = Readonly<{ name: string; stages: readonly Stage[] }>;

export type Started = {
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
  /** A record of a run made elsewhere: none of its stages is dispatched unless it is resumed. */
  held?: true;
};

/** What a checkpoint says besides the state. */
export type CheckpointHead = Readonly<{
  checkpointId: string;
  agent: string;
  stage: string;
  stageOrder: number;
  outputs?: JsonValue;
  processing?: readonly JsonObject[];
  /** The task whose result it is. A checkpoint that somebody saved has none. */
  taskId?: string;
}>;

export type StageTask = Readonly<{ stage: string; stageOrder: number; taskId: string }>;

export type ExecutionEvent =
  | Fact<'ExecutionStarted', Started>
  | Fact<'CheckpointSaved', CheckpointHead & StoredState>
  | Fact<'StageDispatched', StageTask>
  /** The task of a stage was completed whose checkpoint its worker had saved already. */
  | Fact<'StageFinished', StageTask>
  | Fact<'ExecutionCompleted', { output?: JsonValue }>
  | Fact<'ExecutionFailed', { error: string }>
  | Fact<'ExecutionCancelled', { reason?: string }>
  /** Of the checkpoints, `count` went: those at revisions up to and including `through`. */
  | Fact<'CheckpointsPruned', { through: number; count: number }>
  | StreamForked
  | StreamDetached;

// State.

export type ExecutionStatus = 'running' | 'completed' | 'failed' | 'cancelled';
export type SavedCheckpoint = CheckpointHead & Readonly<{ state: JsonObject }>;

export type LiveExecution = Readonly<{
  status: ExecutionStatus;
  userId: string;
  sessionId?: string;
  requestId?: string;
  pipeline?: Pipeline;
  input: JsonValue;
  /** Ids, with the fingerprint of what was saved; pruned ones too. */
  checkpoints: OrderedMap<string, string>;
  /** The newest checkpoint, its state in full. */
  latest?: SavedCheckpoint;
  /** How many checkpoints were stored as deltas since the last full state. */
  deltas: number;
  /** The stage that a task carries out, and whether its worker saved a checkpoint for it. */
  dispatched?: StageTask & Readonly<{ checkpointed: boolean }>;
  /** Whether the pipeline stands still until it is resumed: a fork's does, and a record's. */
  held?: true;
  /** Up to which revision checkpoints are pruned, and how many those are in all. */
  pruned?: Readonly<{ through: number; count: number }>;
  output?: JsonValue;
  error?: string;
  reason?: string;
  forkedFrom?: ForkOrigin;
}>;

export type Execution = Readonly<{ status: 'absent' }> | LiveExecution;

// Commands.

export type ExecutionCommand =
  | Readonly<{ type: 'StartExecution' } & Started>
  | Readonly<{ type: 'SaveCheckpoint' } & SavedCheckpoint>
  | Readonly<{ type: 'CompleteExecution'; output?: JsonValue }>
  | Readonly<{ type: 'FailExecution'; error: string }>
  | Readonly<{ type: 'CancelExecution'; reason?: string }>
  /** `total` is how many checkpoints there are up to that revision, those pruned before included. */
  | Readonly<{ type: 'PruneCheckpoints'; through: number; total: number }>
  /** Moves the pipeline on by itself, if it is its turn. `taskId` is for the stage dispatched, if any. */
  | Readonly<{ type: 'AdvancePipeline'; taskId: string }>
  /** Somebody wants the next stage dispatched, and the pipeline to go on from there. */
  | Readonly<{ type: 'ResumeExecution'; taskId: string }>
  /** What became of a stage's task. Those of another task than the one under way change nothing. */
  | Readonly<{ type: 'FinishStage'; taskId: string; checkpointId: string; result?: JsonValue }>
  | Readonly<{ type: 'FailStage'; taskId: string; error: string }>
  | Readonly<{ type: 'CancelStage'; taskId: string; reason?: string }>;

export type ExecutionRejection =
  | 'execution-not-found'
  | 'execution-already-exists'
  | 'execution-already-finished'
  | 'checkpoint-already-exists'
  | 'state-too-large'
  | 'stage-not-queued';

/** Whether any of a pipeline's stages is carried out by tasks. */
export const hasQueues = (pipeline: Pipeline | undefined): boolean =>
  pipeline?.stages.some(({ queue }) => queue !== undefined) ?? false;

/** Whether stages are still to be put on queues. */
const isDispatching = ({ status, pipeline }: LiveExecution): boolean =>
  status === 'running' && hasQueues(pipeline);

// Evolution. Events other than the first mean nothing to an execution that is not there.

const onLive =
  <Data>(change: (execution: LiveExecution, data: Data) => LiveExecution) =>
  (execution: Execution, data: Data): Execution =>
    execution.status === 'absent' ? execution : change(execution, data);

const withoutTask = ({ dispatched: _, ...execution }: LiveExecution): LiveExecution => execution;

const withCheckpoint = (
  execution: LiveExecution,
  data: CheckpointHead & StoredState,
): LiveExecution => {
  const { checkpointId, agent, stage, stageOrder, outputs, processing, taskId } = data;
  const latest: SavedCheckpoint = {
    checkpointId,
    agent,
    stage,
    stageOrder,
    ...(outputs !== undefined && { outputs }),
    ...(processing !== undefined && { processing }),
    ...(taskId !== undefined && { taskId }),
    state: fullState(data, execution.latest?.state),
  };
  const { dispatched } = execution;
  const isResult = dispatched !== undefined && dispatched.taskId === taskId;
  const saved = withFields(isResult ? withoutTask(execution) : execution, {
    checkpoints: execution.checkpoints.set(checkpointId, fingerprint(latest)),
    latest,
    deltas: 'state' in data ? 0 : execution.deltas + 1,
  });
  return !isResult && dispatched?.stageOrder === stageOrder
    ? withFields(saved, { dispatched: withFields(dispatched, { checkpointed: true }) })
    : saved;
};

/** One run of a pipeline for a request, with the states it saved on the way. */
export const execution: Decider<ExecutionCommand, Execution, ExecutionEvent, ExecutionRejection> = {
  category: 'execution',
  initial: { status: 'absent' },
  decide: decideExecution,
  ownerOf: (state) => (state.status === 'absent' ? undefined : state.userId),
  correlationOf: (state) =>
    state.status === 'absent' ? undefined : (state.sessionId ?? state.requestId),
  notFound: 'execution-not-found',
  snapshots: {
    version: 2,
    entries: {
      field: 'checkpoints',
      namedBy: (command) => ('checkpointId' in command ? command.checkpointId : undefined),
      changedBy: ({ data }) => ('checkpointId' in data ? data.checkpointId : undefined),
      begins: ({ type }) => type === 'CheckpointSaved',
    },
  },

  evolve: evolveWith<Execution, ExecutionEvent>({
    ExecutionStarted: (_, data) =>
      withFields(data, {
        status: 'running',
        checkpoints: OrderedMap<string, string>(),
        deltas: 0,
      }),
    CheckpointSaved: onLive(withCheckpoint),
    StageDispatched: onLive(({ held: _, ...execution }, { stage, stageOrder, taskId }) =>
      withFields(execution, { dispatched: { stage, stageOrder, taskId, checkpointed: false } }),
    ),
    StageFinished: onLive((execution) => withoutTask(execution)),
    ExecutionCompleted: onLive((execution, data) =>
      withFields(execution, data, { status: 'completed' }),
    ),
    ExecutionFailed: onLive((execution, data) => withFields(execution, data, { status: 'failed' })),
    ExecutionCancelled: onLive((execution, data) =>
      withFields(execution, data, { status: 'cancelled' }),
    ),
    CheckpointsPruned: onLive((execution, { through, count }) =>
      withFields(execution, { pruned: { through, count: (execution.pruned?.count ?? 0) + count } }),
    ),
    // A fork has the past of an execution, not its work: the task under way is the ancestor's.
    StreamForked: onLive((execution, data) => {
      const forkedFrom = originOf(data.ancestry);
      return {
        ...withoutTask(execution),
        ...adoptionIn(data),
        ...(isDispatching(execution) && { held: true as const }),
        ...(forkedFrom && { forkedFrom }),
      };
    }),
    StreamDetached: onLive((execution) => withFields(execution, detached(execution))),
  }),
};
