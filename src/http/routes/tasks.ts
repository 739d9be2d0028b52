import { z } from 'zod';
import { given } from '../../fields.js';
import { findTask, listTasks } from '../../queries/tasks.js';
import { found, written } from '../answers.js';
import { mostItems } from '../bulk.js';
import type { FamilyGate } from '../family-gate.js';
import { type Route, route } from '../route.js';
import { after, id, paging, queueName, reason } from '../schema.js';
import type { Services } from '../services.js';
import { taskSubmission } from '../submit-tasks.js';
import { pageOf, writtenSchema } from '../views/common.js';
import { bulkSchema, taskSchema, taskSummarySchema } from '../views/tasks.js';
import { newTask } from './task-schema.js';

const params = z.strictObject({ id });

/** Tasks, as those see them who want them done. */
export const taskRoutes = (services: Services, gate: FamilyGate): readonly Route[] => {
  const { tasks, collections } = services;
  const submit = taskSubmission(services, gate);
  return [
    route({
      method: 'post',
      path: '/v1/tasks',
      access: 'caller',
      body: z.union([newTask, z.array(newTask).min(1).max(mostItems)]),
      operationId: 'submitTasks',
      summary: 'Submit a task, or up to 500',
      answers: { 200: bulkSchema, 201: writtenSchema },
      handle: async ({ body }, context) =>
        Array.isArray(body) ? submit.many(body, context) : submit.one(body, context),
    }),
    route({
      method: 'get',
      path: '/v1/tasks',
      access: 'caller',
      reads: ['tasks'],
      query: z.strictObject({
        queue: queueName.optional(),
        status: z
          .enum(['ready', 'delayed', 'running', 'completed', 'dead', 'cancelled'])
          .optional(),
        type: z.string().min(1).max(200).optional(),
        sessionId: id.optional(),
        workerId: z.string().min(1).max(200).optional(),
        ...paging,
        ...after,
      }),
      operationId: 'listTasks',
      summary: 'List tasks, newest first',
      answers: { 200: pageOf(taskSummarySchema) },
      handle: async ({ query }, { caller }) => ({
        status: 200,
        body: await listTasks(collections, caller, given(query)),
      }),
    }),
    route({
      method: 'get',
      path: '/v1/tasks/:id',
      access: 'own',
      reads: ['tasks'],
      params,
      query: z.strictObject(after),
      operationId: 'getTask',
      summary: 'Look at a task',
      answers: { 200: taskSchema },
      handle: async ({ params }, { caller }) =>
        found(await findTask(collections, caller, params.id), 'task-not-found'),
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/cancel',
      access: 'own',
      params,
      body: z.strictObject({ reason: reason.optional() }),
      operationId: 'cancelTask',
      summary: 'Cancel a task, or ask its holder to stop',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await tasks(params.id, [{ type: 'CancelTask', ...given(body) }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/retry',
      access: 'own',
      params,
      operationId: 'retryTask',
      summary: 'Put a task that was given up or waits for its next attempt back on its queue',
      answers: { 200: writtenSchema },
      handle: async ({ params }, { command }) =>
        written(await tasks(params.id, [{ type: 'RetryTask' }], command)),
    }),
  ];
};
