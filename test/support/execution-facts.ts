import type {
  ExecutionCommand,
  ExecutionEvent,
  SavedCheckpoint,
} from '../../src/domain/execution.js';
import type { JsonObject } from '../../src/domain/json.js';

// Literal facts and commands of executions, for tests of every tier.

export const started: Extract<ExecutionEvent, { type: 'ExecutionStarted' }> = {
  type: 'ExecutionStarted',
  data: {
    userId: 'ann',
    sessionId: 's-1',
    requestId: 'r-1',
    pipeline: { name: 'research', stages: [{ name: 'plan', agent: 'planner', queue: 'llm' }] },
    input: { topic: 'fjords' },
  },
};
export const completed: ExecutionEvent = {
  type: 'ExecutionCompleted',
  data: { output: { pages: 3 } },
};
export const failed: ExecutionEvent = { type: 'ExecutionFailed', data: { error: 'no network' } };
export const cancelled: ExecutionEvent = {
  type: 'ExecutionCancelled',
  data: { reason: 'too slow' },
};

export const start: Extract<ExecutionCommand, { type: 'StartExecution' }> = {
  type: 'StartExecution',
  ...started.data,
};
export const complete: ExecutionCommand = { type: 'CompleteExecution', output: { pages: 3 } };
export const fail: ExecutionCommand = { type: 'FailExecution', error: 'no network' };
export const cancel: ExecutionCommand = { type: 'CancelExecution', reason: 'too slow' };

/** A checkpoint of the first stage. */
export const checkpoint = (checkpointId: string, state: JsonObject): SavedCheckpoint => ({
  checkpointId,
  agent: 'planner',
  stage: 'plan',
  stageOrder: 0,
  state,
});
export const save = (saved: SavedCheckpoint): ExecutionCommand => ({
  type: 'SaveCheckpoint',
  ...saved,
});
/** The checkpoint as it is stored in full. */
export const savedInFull = (saved: SavedCheckpoint): ExecutionEvent => ({
  type: 'CheckpointSaved',
  data: saved,
});
