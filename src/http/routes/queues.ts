import { z } from 'zod';
import { given } from '../../fields.js';
import { findQueue, listQueues } from '../../queries/queues.js';
import { type Route, route } from '../route.js';
import { after, paging, queueName } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf } from '../views/common.js';
import { queueSchema } from '../views/tasks.js';

/** Queues: how many tasks are in them, and how fast they are done. A queue is there by its name alone. */
export const queueRoutes = ({ collections, clock }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/queues',
    access: 'caller',
    reads: ['queues', 'tasks'],
    query: z.strictObject({ ...paging, ...after }),
    operationId: 'listQueues',
    summary: 'List queues by name',
    answers: { 200: pageOf(queueSchema) },
    handle: async ({ query }, { caller }) => ({
      status: 200,
      body: await listQueues(collections, caller, clock.now(), given(query)),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/queues/:queue',
    access: 'caller',
    reads: ['queues', 'tasks'],
    params: z.strictObject({ queue: queueName }),
    query: z.strictObject(after),
    operationId: 'getQueue',
    summary: 'Look at a queue',
    answers: { 200: queueSchema },
    handle: async ({ params }, { caller }) => ({
      status: 200,
      body: await findQueue(collections, caller, clock.now(), params.queue),
    }),
  }),
];
