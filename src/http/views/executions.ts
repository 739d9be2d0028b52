import { z } from 'zod';
import type { CheckpointDetail, CheckpointView } from '../../queries/checkpoints.js';
import type { Comparison } from '../../queries/compare.js';
import type { ExecutionView } from '../../queries/executions.js';
import type { Timeline } from '../../queries/timeline.js';
import { json, jsonObject } from '../schema.js';
import { schemaOf } from './agreement.js';
import {
  count,
  delta,
  forkOrigin,
  moment,
  origin,
  pageOf,
  revision,
  streamName,
  uuid,
  writtenWith,
} from './common.js';

const status = z.enum(['running', 'completed', 'failed', 'cancelled']);

const stage = { stage: z.string(), agent: z.string(), stageOrder: count };

const currentStage = z.strictObject(stage);

const dispatched = z
  .strictObject({ ...stage, taskId: uuid, dispatchedAt: moment })
  .describe('The stage that a task carries out.');

export const executionSchema = schemaOf<ExecutionView>()(
  z
    .strictObject({
      id: uuid,
      userId: z.string(),
      sessionId: uuid.exactOptional(),
      requestId: z.string().exactOptional(),
      pipeline: z
        .strictObject({
          name: z.string(),
          stages: z.array(
            z.strictObject({
              name: z.string(),
              agent: z.string(),
              queue: z.string().exactOptional(),
            }),
          ),
        })
        .exactOptional(),
      input: json,
      status,
      checkpointCount: count.describe('Without those that were pruned.'),
      currentStage: currentStage.exactOptional(),
      dispatched: dispatched.exactOptional(),
      held: z.literal(true).describe('It stands still until it is resumed.').exactOptional(),
      output: json.exactOptional(),
      error: z.string().exactOptional(),
      reason: z.string().exactOptional(),
      createdAt: moment,
      updatedAt: moment,
      finishedAt: moment.exactOptional(),
      revision,
      forkedFrom: forkOrigin.exactOptional(),
    })
    .meta({ id: 'Execution' }),
);

const saved = {
  id: uuid,
  agent: z.string(),
  stage: z.string(),
  taskId: uuid.describe('The task whose result it is.').exactOptional(),
  createdAt: moment,
  revision,
  origin: origin.exactOptional(),
};

const placed = { ...saved, executionId: uuid, stageOrder: count };

export const checkpointSchema = schemaOf<CheckpointView>()(
  z.strictObject(placed).meta({ id: 'Checkpoint', description: 'Without its state.' }),
);

export const checkpointDetailSchema = schemaOf<CheckpointDetail>()(
  z
    .strictObject({
      ...placed,
      state: jsonObject,
      outputs: json.exactOptional(),
      processing: z.array(jsonObject).exactOptional(),
    })
    .meta({ id: 'CheckpointDetail' }),
);

const { executionId: _, ...inTimeline } = placed;

export const timelineSchema = schemaOf<Timeline>()(
  pageOf(
    z.strictObject({
      ...inTimeline,
      forks: z.array(z.strictObject({ stream: streamName, at: revision, createdAt: moment })),
    }),
  )
    .extend({
      executionId: uuid,
      status,
      currentStage: currentStage.exactOptional(),
      dispatched: dispatched.exactOptional(),
      held: z.literal(true).exactOptional(),
      terminal: z.boolean(),
      reason: z.string().describe('Why it ended, when it failed or was cancelled.').exactOptional(),
    })
    .meta({ id: 'Timeline' }),
);

const side = z.strictObject({
  executionId: uuid,
  revision,
  status,
  currentStage: currentStage.exactOptional(),
  output: json.exactOptional(),
  error: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});

const compared = z.strictObject(saved);

export const comparisonSchema = schemaOf<Comparison>()(
  pageOf(
    z.strictObject({
      stageOrder: count,
      occurrence: z.int().positive(),
      a: compared.exactOptional(),
      b: compared.exactOptional(),
      state: delta.exactOptional(),
      outputs: delta.exactOptional(),
    }),
  )
    .extend({ common: origin.nullable(), a: side, b: side, output: delta })
    .meta({ id: 'ExecutionComparison' }),
);

/** What replaying a checkpoint answers. */
export const replayedSchema = writtenWith({
  originalCheckpointId: uuid,
  executionId: uuid,
  checkpointId: uuid,
  taskId: uuid.describe('The task of the next stage, when it was resumed.').exactOptional(),
});
