import { expect, it } from '@jest/globals';
import type * as Client from '../../src/client/node-client.js';
import { schemaOf } from '../../src/http/views/agreement.js';
import { auditEntrySchema } from '../../src/http/views/audit.js';
import { forkOrigin, origin, writtenSchema } from '../../src/http/views/common.js';
import * as executions from '../../src/http/views/executions.js';
import { interruptSchema } from '../../src/http/views/interrupts.js';
import * as operations from '../../src/http/views/operations.js';
import { checkSchema } from '../../src/http/views/problem.js';
import * as sessions from '../../src/http/views/sessions.js';
import * as streams from '../../src/http/views/streams.js';
import * as tasks from '../../src/http/views/tasks.js';
import { deliverySchema, webhookSchema } from '../../src/http/views/webhooks.js';

// The client writes its types by hand, so that who uses it needs neither zod nor the server. Here
// they are held against the schemas of what the server answers: one that differs does not compile.
const agreed = {
  Written: schemaOf<Client.Written>()(writtenSchema),
  Origin: schemaOf<Client.Origin>()(origin),
  ForkOrigin: schemaOf<Client.ForkOrigin>()(forkOrigin),
  Session: schemaOf<Client.Session>()(sessions.sessionSchema),
  Message: schemaOf<Client.Message>()(sessions.messageSchema),
  MessageHit: schemaOf<Client.MessageHit>()(sessions.messageHitSchema),
  Execution: schemaOf<Client.Execution>()(executions.executionSchema),
  CheckpointSummary: schemaOf<Client.CheckpointSummary>()(executions.checkpointSchema),
  Checkpoint: schemaOf<Client.Checkpoint>()(executions.checkpointDetailSchema),
  Timeline: schemaOf<Client.Timeline>()(executions.timelineSchema),
  Comparison: schemaOf<Client.Comparison>()(executions.comparisonSchema),
  Replayed: schemaOf<Client.Replayed>()(executions.replayedSchema),
  StreamEvent: schemaOf<Client.StreamEvent>()(streams.streamEventSchema),
  Step: schemaOf<Client.Step>()(streams.stepSchema),
  StreamState: schemaOf<Client.StreamState>()(streams.streamStateSchema),
  StreamComparison: schemaOf<Client.StreamComparison>()(streams.streamComparisonSchema),
  Lineage: schemaOf<Client.Lineage>()(streams.lineageSchema),
  Forked: schemaOf<Client.Forked>()(streams.forkedSchema),
  Interrupt: schemaOf<Client.Interrupt>()(interruptSchema),
  TaskSummary: schemaOf<Client.TaskSummary>()(tasks.taskSummarySchema),
  Task: schemaOf<Client.Task>()(tasks.taskSchema),
  ClaimedTask: schemaOf<Client.ClaimedTask>()(tasks.claimedTaskSchema),
  Claimed: schemaOf<NonNullable<Client.Claimed['claimed']>>()(tasks.claimedSchema),
  Queue: schemaOf<Client.Queue>()(tasks.queueSchema),
  Worker: schemaOf<Client.Worker>()(tasks.workerSchema),
  WorkerHeartbeat: schemaOf<Client.WorkerHeartbeat>()(tasks.beatingSchema),
  Webhook: schemaOf<Client.Webhook>()(webhookSchema),
  Delivery: schemaOf<Client.Delivery>()(deliverySchema),
  RebuildStatus: schemaOf<Client.RebuildStatus>()(operations.rebuildSchema),
  ModelStanding: schemaOf<Client.ModelStanding>()(operations.standingSchema),
  ProjectionStatus: schemaOf<Client.ProjectionStatus | Client.ReactionStatus>()(
    operations.consumerSchema,
  ),
  ParkedEvent: schemaOf<Client.ParkedEvent>()(operations.parkedEventSchema),
  Retried: schemaOf<Client.Retried>()(operations.retriedSchema),
  AuditEntry: schemaOf<Client.AuditEntry>()(auditEntrySchema),
  Check: schemaOf<Client.Check>()(checkSchema),
};

/**
 * To the client the code of a refusal is text, since a newer server may have one more: so the answer
 * to a bulk request cannot be the same.
 */
const looser: ReadonlySet<string> = new Set(['bulkSchema']);

it('has a type of the client for every view that the server names', () => {
  const of = new Set<unknown>(Object.values(agreed));
  const modules = [
    ...[executions, operations, sessions, streams, tasks],
    {
      auditEntrySchema,
      writtenSchema,
      interruptSchema,
      checkSchema,
      deliverySchema,
      webhookSchema,
    },
  ];
  const unnamed = modules
    .flatMap((module) => Object.entries(module))
    .filter(([name, schema]) => name.endsWith('Schema') && !of.has(schema));
  expect(unnamed.map(([name]) => name).filter((name) => !looser.has(name))).toEqual([]);
});
