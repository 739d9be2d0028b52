import { type Decision, reject } from './decider.js';
import type {
  Execution,
  ExecutionCommand,
  ExecutionEvent,
  ExecutionRejection,
  LiveExecution,
  Started,
} from './execution.js';
import { fingerprint } from './fingerprint.js';
import { isSameJson, jsonBytes } from './json.js';
import { decidePipeline } from './pipeline-rules.js';
import { asStored, largestState } from './stored-state.js';

type ExecutionDecision = Decision<ExecutionEvent, ExecutionRejection>;
type Named<Type extends ExecutionCommand['type']> = Extract<ExecutionCommand, { type: Type }>;

const start = (
  { type: _, ...started }: Named<'StartExecution'>,
  execution: Execution,
): ExecutionDecision => {
  if (execution.status === 'absent') return [{ type: 'ExecutionStarted', data: started }];
  const { userId, sessionId, requestId, pipeline, input } = execution;
  const before = { userId, sessionId, requestId, pipeline, input };
  const same = Object.entries(before).every(([key, value]) =>
    isSameJson(value, started[key as keyof Started]),
  );
  return same ? [] : reject('execution-already-exists');
};

const save = (
  { type: _, state, ...head }: Named<'SaveCheckpoint'>,
  execution: LiveExecution,
): ExecutionDecision => {
  const known = execution.checkpoints.get(head.checkpointId);
  if (known)
    return known === fingerprint({ ...head, state }) ? [] : reject('checkpoint-already-exists');
  if (execution.status !== 'running') return reject('execution-already-finished');
  if (jsonBytes(state) > largestState) return reject('state-too-large');
  const stored = asStored(state, execution.latest?.state, execution.deltas);
  return [{ type: 'CheckpointSaved', data: { ...head, ...stored } }];
};

const finish = (
  execution: LiveExecution,
  isSame: boolean,
  event: ExecutionEvent,
): ExecutionDecision => {
  if (execution.status === 'running') return [event];
  return isSame ? [] : reject('execution-already-finished');
};

const prune = (
  { through, total }: Named<'PruneCheckpoints'>,
  { pruned = { through: -1, count: 0 } }: LiveExecution,
): ExecutionDecision =>
  through > pruned.through && total > pruned.count
    ? [{ type: 'CheckpointsPruned', data: { through, count: total - pruned.count } }]
    : [];

/**
 * Decides a command on an execution by the rules of executions: the events that it adds, none when it
 * was done before, or why it is refused.
 */
export const decideExecution = (
  command: ExecutionCommand,
  execution: Execution,
): ExecutionDecision => {
  if (command.type === 'StartExecution') return start(command, execution);
  if (execution.status === 'absent') return reject('execution-not-found');
  switch (command.type) {
    case 'SaveCheckpoint':
      return save(command, execution);
    case 'CompleteExecution': {
      const { type: _, ...data } = command;
      const isSame =
        execution.status === 'completed' && isSameJson(execution.output, command.output);
      return finish(execution, isSame, { type: 'ExecutionCompleted', data });
    }
    case 'FailExecution': {
      const isSame = execution.status === 'failed' && execution.error === command.error;
      return finish(execution, isSame, { type: 'ExecutionFailed', data: { error: command.error } });
    }
    case 'CancelExecution': {
      const { type: _, ...data } = command;
      const isSame = execution.status === 'cancelled' && execution.reason === command.reason;
      return finish(execution, isSame, { type: 'ExecutionCancelled', data });
    }
    case 'PruneCheckpoints':
      return prune(command, execution);
    default:
      return decidePipeline(command, execution);
  }
};
