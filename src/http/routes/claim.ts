import type { Request } from 'express';
import { z } from 'zod';
import { type Route, route } from '../route.js';
import type { Services } from '../services.js';
import { claimedSchema } from '../views/tasks.js';
import { claimedQueue, claimFields } from './claim-schema.js';

/** Handing out tasks. */
export const claimRoutes = ({ claims }: Pick<Services, 'claims'>): readonly Route[] => [
  route({
    method: 'post',
    path: '/v1/queues/:queue/claim',
    access: 'caller',
    params: z.strictObject({ queue: claimedQueue }),
    body: z.strictObject({ ...claimFields, waitSeconds: z.number().min(0).max(30).default(0) }),
    operationId: 'claimTasks',
    summary: 'Claim tasks of a queue, waiting for work',
    answers: { 200: claimedSchema },
    handle: async ({ params: { queue }, body, request }, { command }) => ({
      status: 200,
      body: { items: await claims.claim({ queue, ...body, signal: goneFrom(request) }, command) },
    }),
  }),
];

/** Aborts when the client went away before it was answered. */
const goneFrom = ({ res: response }: Request): AbortSignal => {
  const gone = new AbortController();
  response?.once('close', () => gone.abort());
  return gone.signal;
};
