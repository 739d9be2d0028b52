import type { Request } from 'express';
import { z } from 'zod';
import { type Route, route } from '../route.js';
import { queueName } from '../schema.js';
import type { Services } from '../services.js';

/** How a claim says who will hold the tasks, for how long at first, and how many. */
export const claimFields = {
  workerId: z.string().min(1).max(200),
  max: z.int().min(1).max(100).default(1),
  leaseSeconds: z.number().min(1).max(3_600).default(30),
};

/** The name of a queue, or how the names of queues begin, followed by `*`. */
export const claimedQueue = z.union([
  queueName,
  z
    .string()
    .endsWith('*')
    .transform((prefix) => prefix.slice(0, -1))
    .pipe(queueName.or(z.literal('')))
    .transform((prefix) => `${prefix}*`),
]);

/** Handing out tasks. */
export const claimRoutes = ({ claims }: Pick<Services, 'claims'>): readonly Route[] => [
  route({
    method: 'post',
    path: '/v1/queues/:queue/claim',
    params: z.strictObject({ queue: claimedQueue }),
    body: z.strictObject({ ...claimFields, waitSeconds: z.number().min(0).max(30).default(0) }),
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
