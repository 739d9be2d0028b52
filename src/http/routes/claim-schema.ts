import { z } from 'zod';
import { queueName } from '../schema.js';

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
