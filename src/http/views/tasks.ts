import { z } from 'zod';
import type { ClaimedTask } from '../../claiming/claim-task.js';
import type { QueueView } from '../../queries/queues.js';
import type { TaskSummary, TaskView } from '../../queries/tasks.js';
import type { WorkerView } from '../../queries/workers.js';
import { json } from '../schema.js';
import { schemaOf } from './agreement.js';
import { count, forkOrigin, moment, position, revision, uuid, writtenSchema } from './common.js';
import { problemSchema } from './problem.js';

const summary = {
  id: uuid,
  userId: z.string(),
  type: z.string(),
  queue: z.string(),
  priority: z.int(),
  maxAttempts: z.int(),
  timeoutSeconds: z.int(),
  notBefore: moment.exactOptional(),
  sessionId: uuid.exactOptional(),
  executionId: uuid.exactOptional(),
  status: z.enum(['ready', 'delayed', 'running', 'completed', 'dead', 'cancelled']),
  attempts: count,
  workerId: z.string().describe('Who has it, or had it last.').exactOptional(),
  leaseExpiresAt: moment.exactOptional(),
  timesOutAt: moment.exactOptional(),
  readyAt: moment.exactOptional(),
  dueAt: moment.exactOptional(),
  progress: z
    .strictObject({ percent: z.number(), status: z.string().exactOptional() })
    .exactOptional(),
  error: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  cancelRequested: z.boolean(),
  inert: z.literal(true).describe('A fork that was not put to work.').exactOptional(),
  createdAt: moment,
  updatedAt: moment,
  finishedAt: moment.exactOptional(),
  revision,
  forkedFrom: forkOrigin.exactOptional(),
};

export const taskSummarySchema = schemaOf<TaskSummary>()(
  z.strictObject(summary).meta({
    id: 'TaskSummary',
    description: 'Without what went into it and what came out of it.',
  }),
);

export const taskSchema = schemaOf<TaskView>()(
  z.strictObject({ ...summary, payload: json, result: json.exactOptional() }).meta({ id: 'Task' }),
);

export const claimedTaskSchema = schemaOf<ClaimedTask>()(
  z
    .strictObject({
      id: uuid,
      userId: z.string(),
      type: z.string(),
      queue: z.string(),
      priority: z.int(),
      payload: json,
      attempt: z.int().positive(),
      maxAttempts: z.int(),
      leaseToken: z.string().describe('What the holder proves with that it is the one.'),
      leaseExpiresAt: moment,
      timesOutAt: moment,
      timeoutSeconds: z.int(),
      sessionId: uuid.exactOptional(),
      executionId: uuid.exactOptional(),
      revision,
      position,
    })
    .meta({ id: 'ClaimedTask' }),
);

export const claimedSchema = z.strictObject({ items: z.array(claimedTaskSchema) });

export const queueSchema = schemaOf<QueueView>()(
  z
    .strictObject({
      queue: z.string(),
      ready: count,
      delayed: count,
      running: count,
      completed: count,
      dead: count,
      cancelled: count,
      failed: count.describe('Attempts that did not succeed, ever.'),
      rate: z.number().describe('Tasks completed a minute, over the last five minutes.'),
      oldestReady: z.strictObject({ id: uuid, readyAt: moment, ageSeconds: z.number() }).nullable(),
    })
    .meta({ id: 'Queue' }),
);

export const workerSchema = schemaOf<WorkerView>()(
  z
    .strictObject({
      id: z.string(),
      tasks: z.strictObject({ active: z.int(), completed: count, failed: count }),
      userId: z.string().exactOptional(),
      queues: z.array(z.string()).exactOptional(),
      maxConcurrentTasks: z.int().exactOptional(),
      heartbeatSeconds: z.number().exactOptional(),
      status: z.enum(['active', 'stopping', 'stopped', 'lost']).exactOptional(),
      stopRequested: z.boolean().exactOptional(),
      registeredAt: moment.exactOptional(),
      updatedAt: moment.exactOptional(),
      revision: revision.exactOptional(),
      lastHeartbeatAt: moment.exactOptional(),
    })
    .meta({ id: 'Worker' }),
);

/** What says that a worker is there answers. */
export const beatingSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['active', 'stopping', 'stopped', 'lost']),
  stopRequested: z.boolean(),
  expiresAt: moment.describe('When it counts as lost, unless it is heard from again.'),
});

/** What became of the items of a bulk request, in their order. */
export const bulkSchema = z.strictObject({
  items: z.array(
    z.union([
      z.strictObject({ status: z.literal([200, 201]), body: writtenSchema }),
      z.strictObject({ status: z.int().min(400), body: problemSchema }),
    ]),
  ),
});

/** What is answered besides to a worker that asked for more. */
export const claimedToo = { claimed: claimedSchema.exactOptional() };
