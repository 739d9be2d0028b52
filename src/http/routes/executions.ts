import { z } from 'zod';
import { eventId } from '../../commands/event-id.js';
import { given } from '../../fields.js';
import { compareExecutions } from '../../queries/compare.js';
import { findExecution, listExecutions } from '../../queries/executions.js';
import { creating, found, written } from '../answers.js';
import { belongingOf } from '../belonging.js';
import type { FamilyGate } from '../family-gate.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, json, paging, queueName, reason } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf, writtenSchema } from '../views/common.js';
import { comparisonSchema, executionSchema } from '../views/executions.js';

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
