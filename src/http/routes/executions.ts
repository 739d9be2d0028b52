import { z } from 'zod';
import { eventId } from '../../commands/event-id.js';
import { listCheckpoints } from '../../queries/checkpoints.js';
import { compareExecutions } from '../../queries/compare.js';
import { findExecution, listExecutions } from '../../queries/executions.js';
import { timelineOf } from '../../queries/timeline.js';
import { creating, found, written } from '../answers.js';
import { belongingOf } from '../belonging.js';
import type { FamilyGate } from '../family-gate.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, given, id, json, paging, queueName, reason, revision } from '../schema.js';
import type { Services } from '../services.js';
import { count, pageOf, writtenSchema, writtenWith } from '../views/common.js';
import {
  checkpointSchema,
  comparisonSchema,
  executionSchema,
  timelineSchema,
} from '../views/executions.js';
import { checkpointFields } from './checkpoint-schema.js';
import { pruneCheckpoints } from './prune-checkpoints.js';

const params = z.strictObject({ id });
const name = z.string().min(1).max(200);

const pipeline = z.strictObject({
  name,
  stages: z.array(z.strictObject({ name, agent: name, queue: queueName.optional() })).max(1_000),
});

/** Executions: runs of a pipeline. */
export const executionRoutes = (services: Services, gate: FamilyGate): readonly Route[] => {
  const { executions, streams, collections } = services;

  return [
    route({
      method: 'post',
      path: '/v1/executions',
      access: 'caller',
      body: z.strictObject({
        id: id.optional(),
        sessionId: id.optional(),
        requestId: z.string().min(1).max(200).optional(),
        pipeline: pipeline
          .transform((value) => ({ ...value, stages: value.stages.map(given) }))
          .optional(),
        input: json.default(null),
      }),
      operationId: 'startExecution',
      summary: 'Start an execution',
      answers: { 201: writtenSchema },
      handle: async ({ body: { id: named, ...started } }, { newId, command }) => {
        const executionId = named ?? newId;
        const start = async () => {
          const { userId } = await belongingOf(streams, command.caller, started);
          const startExecution = { type: 'StartExecution' as const, userId, ...given(started) };
          return executions(executionId, [startExecution], command);
        };
        const outcome = await creating(
          `execution-${executionId}`,
          'execution-already-exists',
          gate.add(started.sessionId ?? executionId, start),
        );
        if ('rejected' in outcome && outcome.rejected === 'execution-not-found')
          throw new Problem('execution-already-exists');
        return written(outcome, { created: `/v1/executions/${executionId}` });
      },
    }),
    route({
      method: 'get',
      path: '/v1/executions',
      access: 'caller',
      reads: ['executions'],
      query: z.strictObject({
        sessionId: id.optional(),
        status: z.enum(['running', 'completed', 'failed', 'cancelled']).optional(),
        ...paging,
        ...after,
      }),
      operationId: 'listExecutions',
      summary: 'List executions, newest activity first',
      answers: { 200: pageOf(executionSchema) },
      handle: async ({ query }, { caller }) => ({
        status: 200,
        body: await listExecutions(collections, caller, given(query)),
      }),
    }),
    route({
      method: 'get',
      path: '/v1/executions/compare',
      access: 'own',
      reads: ['executions', 'checkpoints', 'prunes', 'streams'],
      query: z.strictObject({
        a: id,
        b: id,
        ...paging,
        limit: paging.limit.default(20),
        ...after,
      }),
      operationId: 'compareExecutions',
      summary: 'Compare two executions from where they part',
      answers: { 200: comparisonSchema },
      handle: async ({ query: { a, b, ...page } }, { caller }) =>
        found(
          await compareExecutions(collections, caller, { a, b }, given(page)),
          'execution-not-found',
        ),
    }),
    route({
      method: 'get',
      path: '/v1/executions/:id',
      access: 'own',
      reads: ['executions'],
      params,
      query: z.strictObject(after),
      operationId: 'getExecution',
      summary: 'Look at an execution',
      answers: { 200: executionSchema },
      handle: async ({ params }, { caller }) =>
        found(await findExecution(collections, caller, params.id), 'execution-not-found'),
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/checkpoints',
      access: 'own',
      params,
      body: z.strictObject({ id: id.optional(), ...checkpointFields }),
      operationId: 'saveCheckpoint',
      summary: 'Save a checkpoint',
      answers: { 201: writtenSchema },
      handle: async ({ params, body: { id: named, ...checkpoint } }, { command, newId }) => {
        const checkpointId = named ?? newId;
        const outcome = await executions(
          params.id,
          [{ type: 'SaveCheckpoint', checkpointId, ...given(checkpoint) }],
          command,
        );
        return written(outcome, {
          created: `/v1/checkpoints/${checkpointId}`,
          more: { id: checkpointId },
        });
      },
    }),
    route({
      method: 'get',
      path: '/v1/executions/:id/checkpoints',
      access: 'own',
      reads: ['executions', 'checkpoints', 'prunes', 'streams'],
      params,
      query: z.strictObject({ at: revision.optional(), ...paging, ...after }),
      operationId: 'listCheckpoints',
      summary: 'List the checkpoints of an execution, oldest first, as of any revision',
      answers: { 200: pageOf(checkpointSchema) },
      handle: async ({ params, query }, { caller }) => {
        const execution = await findExecution(collections, caller, params.id);
        if (!execution) throw new Problem('execution-not-found');
        if (query.at !== undefined && query.at > execution.revision)
          throw new Problem('revision-not-found');
        const body = await listCheckpoints(collections, `execution-${params.id}`, given(query));
        return { status: 200, body };
      },
    }),
    route({
      method: 'get',
      path: '/v1/executions/:id/timeline',
      access: 'own',
      reads: ['executions', 'checkpoints', 'prunes', 'streams'],
      params,
      query: z.strictObject({ ...paging, limit: paging.limit.default(500), ...after }),
      operationId: 'getTimeline',
      summary: 'Look at the timeline of an execution',
      answers: { 200: timelineSchema },
      handle: async ({ params, query }, { caller }) =>
        found(
          await timelineOf(collections, caller, params.id, given(query)),
          'execution-not-found',
        ),
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/checkpoints/prune',
      access: 'own',
      params,
      body: z.strictObject({ keepLast: z.number().int().min(1).max(10_000) }),
      operationId: 'pruneCheckpoints',
      summary: 'Prune all but the newest checkpoints',
      answers: { 200: writtenWith({ pruned: count }) },
      handle: ({ params, body: { keepLast } }, { command }) =>
        pruneCheckpoints(services, gate, params.id, keepLast, command),
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/resume',
      access: 'own',
      params,
      operationId: 'resumeExecution',
      summary: 'Put the next stage of an execution on its queue',
      answers: { 200: writtenSchema },
      handle: async ({ params }, { command }) => {
        const taskId = eventId(command.commandId, -1);
        return written(await executions(params.id, [{ type: 'ResumeExecution', taskId }], command));
      },
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/complete',
      access: 'own',
      params,
      body: z.strictObject({ output: json.optional() }),
      operationId: 'completeExecution',
      summary: 'Complete an execution',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(
          await executions(params.id, [{ type: 'CompleteExecution', ...given(body) }], command),
        ),
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/fail',
      access: 'own',
      params,
      body: z.strictObject({ error: z.string().max(20_000) }),
      operationId: 'failExecution',
      summary: 'Let an execution fail',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await executions(params.id, [{ type: 'FailExecution', ...body }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/cancel',
      access: 'own',
      params,
      body: z.strictObject({ reason: reason.optional() }),
      operationId: 'cancelExecution',
      summary: 'Cancel an execution',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(
          await executions(params.id, [{ type: 'CancelExecution', ...given(body) }], command),
        ),
    }),
  ];
};
