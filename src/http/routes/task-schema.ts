import { z } from 'zod';
import { jsonBytes } from '../../domain/json.js';
import { id, json, queueName } from '../schema.js';

const largestValue = 256 * 1024;

/** What goes into a task, or comes out of it. */
const value = json.refine(
  (content) => jsonBytes(content) <= largestValue,
  'may have 256 KiB at most',
);

/** A time, as ISO 8601 UTC whatever offset it was given with. */
const time = z.iso
  .datetime({ offset: true })
  .transform((written) => new Date(written).toISOString())
  // Others have six digits and a sign, and sort before all that have four.
  .refine((moment) => /^\d/.test(moment), 'must be in the years 0 to 9999 in UTC');

/** What a new task says. */
export const newTask = z.strictObject({
  id: id.optional(),
  type: z.string().min(1).max(200),
  queue: queueName,
  priority: z.int().min(0).max(9).default(5),
  payload: value.default(null),
  maxAttempts: z.int().min(1).max(100).default(3),
  timeoutSeconds: z.int().min(1).max(86_400).default(300),
  notBefore: time.optional(),
  sessionId: id.optional(),
  executionId: id.optional(),
});

export type NewTask = z.infer<typeof newTask>;

/** The holder's proof that it holds the lease. */
export const leaseToken = z.string().min(1).max(200);

export const completion = { leaseToken, result: value.optional() };

export const failure = {
  leaseToken,
  error: z.string().max(20_000),
  retryable: z.boolean().default(true),
  retryAfterSeconds: z.number().min(0).max(86_400).optional(),
};

export const progress = {
  leaseToken,
  percent: z.number().min(0).max(100),
  status: z.string().max(500).optional(),
};
