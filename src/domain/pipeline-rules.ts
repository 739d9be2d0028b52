import { type Decision, reject } from './decider.js';
import type {
  ExecutionCommand,
  ExecutionEvent,
  ExecutionRejection,
  LiveExecution,
} from './execution.js';
import { isObject, type JsonObject, type JsonValue, jsonBytes } from './json.js';
import { asStored, largestState } from './stored-state.js';

type PipelineCommandType =
  | 'AdvancePipeline'
  | 'ResumeExecution'
  | 'FinishStage'
  | 'FailStage'
  | 'CancelStage';

export type PipelineCommand = Extract<ExecutionCommand, { type: PipelineCommandType }>;

type PipelineDecision = Decision<ExecutionEvent, ExecutionRejection>;
type Named<Type extends PipelineCommandType> = Extract<PipelineCommand, { type: Type }>;

/** What state and outputs of a task's result may take up together: an event holds them with room to spare. */
const largestResult = 1_000_000;

/** The stage whose turn it is: the one after that of the newest checkpoint. */
const nextOrder = ({ latest }: LiveExecution): number => (latest ? latest.stageOrder + 1 : 0);

/** The next stage, put on its queue; undefined where there is none, or one without a queue. */
const dispatched = (execution: LiveExecution, taskId: string): ExecutionEvent | undefined => {
  const stageOrder = nextOrder(execution);
  const stage = execution.pipeline?.stages[stageOrder];
  return stage?.queue === undefined
    ? undefined
    : { type: 'StageDispatched', data: { stage: stage.name, stageOrder, taskId } };
};

/** A pipeline whose last stage has no queue is completed by whoever drives that stage. */
const isThrough = (execution: LiveExecution): boolean => {
  const stages = execution.pipeline?.stages ?? [];
  return nextOrder(execution) === stages.length && stages.at(-1)?.queue !== undefined;
};

const completed = (output: JsonValue | undefined): ExecutionEvent => ({
  type: 'ExecutionCompleted',
  data: output === undefined ? {} : { output },
});

const advance = (
  { taskId }: Named<'AdvancePipeline'>,
  execution: LiveExecution,
): PipelineDecision => {
  if (execution.status !== 'running' || execution.held || execution.dispatched) return [];
  const next = dispatched(execution, taskId);
  if (next) return [next];
  return isThrough(execution) ? [completed(execution.latest?.outputs)] : [];
};

const resume = (
  { taskId }: Named<'ResumeExecution'>,
  execution: LiveExecution,
): PipelineDecision => {
  if (execution.status !== 'running') return reject('execution-already-finished');
  if (execution.dispatched) return [];
  const next = dispatched(execution, taskId);
  return next ? [next] : reject('stage-not-queued');
};

type StageResult = Readonly<{ state?: JsonObject; outputs?: JsonValue }>;

/** What a worker gave: `{ state?, outputs? }`. Anything else, whatever its shape, is outputs. */
const resultOf = (result: JsonValue | undefined): StageResult => {
  if (result === undefined || result === null) return {};
  if (!isObject(result)) return { outputs: result };
  const { state, outputs, ...others } = result;
  const isResult =
    Object.keys(others).length === 0 &&
    (state === undefined || isObject(state)) &&
    (state !== undefined || outputs !== undefined || Object.keys(result).length === 0);
  if (!isResult) return { outputs: result };
  return {
    // Told from lists and bare values above.
    ...(state !== undefined && { state: state as JsonObject }),
    ...(outputs !== undefined && { outputs }),
  };
};

/**
 * The stage's task is completed. What it gave is saved as the stage's checkpoint, unless the worker
 * saved one for the stage itself: then only that the stage is over is noted. A result that cannot be saved
 * fails the execution.
 */
const finishStage = (
  { taskId, checkpointId, result }: Named<'FinishStage'>,
  execution: LiveExecution,
): PipelineDecision => {
  const { dispatched: open, pipeline, latest, deltas } = execution;
  if (execution.status !== 'running' || open?.taskId !== taskId) return [];
  const { stage, stageOrder } = open;
  const { outputs, state = latest?.state ?? {} } = resultOf(result);

  if (open.checkpointed)
    return isThrough(execution)
      ? [completed(outputs ?? latest?.outputs)]
      : [{ type: 'StageFinished', data: { stage, stageOrder, taskId } }];

  // An id is given once. The worker may know this one and save something else under it.
  if (execution.checkpoints.has(checkpointId)) {
    const error = `another checkpoint has the id of the result of stage ${stage}`;
    return [{ type: 'ExecutionFailed', data: { error } }];
  }

  const isTooLarge =
    jsonBytes(state) > largestState || jsonBytes([state, outputs ?? null]) > largestResult;
  if (isTooLarge) {
    const error = `the result of stage ${stage} is too large for a checkpoint`;
    return [{ type: 'ExecutionFailed', data: { error } }];
  }
  const head = {
    checkpointId,
    agent: pipeline?.stages[stageOrder]?.agent ?? stage,
    stage,
    stageOrder,
    ...(outputs !== undefined && { outputs }),
    taskId,
  };
  const stored = asStored(state, latest?.state, deltas);
  return [{ type: 'CheckpointSaved', data: { ...head, ...stored } }];
};

/**
 * Decides what moves a pipeline on: that the next stage is dispatched, and what becomes of the result
 * of the one before.
 */
export const decidePipeline = (
  command: PipelineCommand,
  execution: LiveExecution,
): PipelineDecision => {
  const { status, dispatched: open } = execution;
  const isUnderWay = status === 'running' && open?.taskId === command.taskId;
  switch (command.type) {
    case 'AdvancePipeline':
      return advance(command, execution);
    case 'ResumeExecution':
      return resume(command, execution);
    case 'FinishStage':
      return finishStage(command, execution);
    case 'FailStage':
      return isUnderWay ? [{ type: 'ExecutionFailed', data: { error: command.error } }] : [];
    case 'CancelStage': {
      const { reason } = command;
      const data = reason === undefined ? {} : { reason };
      return isUnderWay ? [{ type: 'ExecutionCancelled', data }] : [];
    }
  }
};
