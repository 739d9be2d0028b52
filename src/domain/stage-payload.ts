import type { LiveExecution, StageTask } from './execution.js';
import { type JsonObject, jsonBytes } from './json.js';

/** The largest payload of a stage's task, in bytes of JSON: what is larger is referred to. */
const largestPayload = 256 * 1024;

/**
 * What the task of a stage brings its worker: the run's input, and the state of the newest checkpoint,
 * empty before the first. Where those are too large for a payload, `refs` says where to read them.
 *
 * @param execution as of when the stage was dispatched
 */
export const stagePayload = (
  executionId: string,
  { stage, stageOrder }: StageTask,
  { pipeline, latest, input }: LiveExecution,
): JsonObject => {
  const agent = pipeline?.stages[stageOrder]?.agent ?? stage;
  const about = { executionId, stage, agent, stageOrder };
  const parts = { input, state: latest?.state ?? {} };
  const refs = {
    input: `/v1/executions/${executionId}`,
    ...(latest && { state: `/v1/checkpoints/${latest.checkpointId}` }),
  };
  const { input: inputRef, ...stateRef } = refs;
  const payloads: readonly JsonObject[] = [
    { ...about, ...parts },
    { ...about, input, refs: stateRef },
    { ...about, state: parts.state, refs: { input: inputRef } },
  ];
  return (
    payloads.find((payload) => jsonBytes(payload) <= largestPayload) ?? {
      ...about,
      refs: { ...refs },
    }
  );
};
