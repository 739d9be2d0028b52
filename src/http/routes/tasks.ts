import { z } from 'zod';
import { findTask, listTasks } from '../../queries/tasks.js';
import { found, written } from '../answers.js';
import { mostItems } from '../bulk.js';
import type { FamilyGate } from '../family-gate.js';
import { type Route, route } from '../route.js';
import { after, given, id, paging, queueName, reason } from '../schema.js';
import type { Services } from '../services.js';
import { taskSubmission } from '../submit-tasks.js';
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
      handle: async ({ params }, { caller }) =>
        found(await findTask(collections, caller, params.id), 'task-not-found'),
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/cancel',
      access: 'own',
      params,
      body: z.strictObject({ reason: reason.optional() }),
      handle: async ({ params, body }, { command }) =>
        written(await tasks(params.id, [{ type: 'CancelTask', ...given(body) }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/retry',
      access: 'own',
      params,
      handle: async ({ params }, { command }) =>
        written(await tasks(params.id, [{ type: 'RetryTask' }], command)),
    }),
  ];
};
