import { type JsonObject, jsonBytes } from '../domain/json.js';
import { beginningOf, limits, objectWithin } from './limits.js';
import type { Notes } from './notes.js';
import type {
  RecordedExecution,
  RecordedOutcome,
  RecordedStep,
  RunContent,
} from './recorded-run.js';

/** The run with everything but its messages, which are bounded as they are read, cut to what events may hold. */
export const boundedRun = (run: RunContent, notes: Notes): RunContent => ({
  ...run,
  ...boundedExecution(run, notes),
  title: beginningOf(run.title, 200),
  metadata: objectWithin(run.metadata, limits.metadata, 'metadata', 'the run', notes),
  ...(run.furtherExecutions
    ? { furtherExecutions: run.furtherExecutions.map((more) => boundedExecution(more, notes)) }
    : {}),
});

const boundedExecution = (execution: RecordedExecution, notes: Notes): RecordedExecution => ({
  ...execution,
  steps: execution.steps.map((step) => boundedStep(step, notes)),
  outcome: boundedOutcome(execution.outcome, notes),
});

const boundedStep = (step: RecordedStep, notes: Notes): RecordedStep => {
  const { state, outputs, processing, ...rest } = step;
  const bytes = [state, outputs ?? {}, processing ?? []].map(jsonBytes);
  if (bytes.reduce((sum, part) => sum + part, 0) <= limits.checkpoint) return step;

  const room = limits.checkpoint / 3;
  const place = `step ${step.stageOrder}`;
  const hasRoom = (bytes[2] ?? 0) <= room;
  if (!hasRoom) notes.add('processing is left out: larger than 300 KiB', place);
  return {
    ...rest,
    state: objectWithin(state, room, 'state', place, notes),
    ...(outputs ? { outputs: objectWithin(outputs, room, 'outputs', place, notes) } : {}),
    ...(processing && hasRoom ? { processing } : {}),
  };
};

const boundedOutcome = (outcome: RecordedOutcome, notes: Notes): RecordedOutcome => {
  const bounded = (output: JsonObject) =>
    objectWithin(output, limits.output, 'output', 'the run', notes);
  switch (outcome.status) {
    case 'completed':
      return { ...outcome, output: bounded(outcome.output) };
    case 'failed':
      return {
        ...outcome,
        error: beginningOf(outcome.error, 8000),
        ...(outcome.output ? { output: bounded(outcome.output) } : {}),
      };
    default:
      return outcome;
  }
};
