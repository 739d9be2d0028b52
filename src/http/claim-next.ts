import { z } from 'zod';
import type { Task } from '../domain/task.js';
import type { RequestContext } from './context.js';
import { claimedQueue, claimFields } from './routes/claim-schema.js';
import type { Services } from './services.js';

/** What a worker that has finished asks for besides. */
export const nextClaim = z.strictObject({
  queue: claimedQueue,
  max: claimFields.max,
  workerId: claimFields.workerId.optional(),
  leaseSeconds: claimFields.leaseSeconds.unwrap().optional(),
});

/**
 * Claims the next tasks for a worker that has finished, without waiting for any: by default for the
 * one that held the task, and for as long. What it finished is finished, whatever comes of the claim.
 *
 * @param finished the state of a task that it finished, if there is one
 * @returns what the answer says besides
 */
export const claimNext = async (
  { claims, log }: Pick<Services, 'claims' | 'log'>,
  asked: z.infer<typeof nextClaim> | undefined,
  finished: Task | undefined,
  { command }: RequestContext,
): Promise<object> => {
  if (!asked) return {};
  const lease = finished?.status === 'completed' ? finished.lease : undefined;
  const { queue, max, workerId = lease?.workerId } = asked;
  const { leaseSeconds = lease?.seconds ?? claimFields.leaseSeconds.parse(undefined) } = asked;
  if (workerId === undefined) return { claimed: { items: [] } };
  try {
    const claim = { queue, max, workerId, leaseSeconds, waitSeconds: 0 };
    return { claimed: { items: await claims.claim(claim, command) } };
  } catch (error) {
    log.warn({ err: error, requestId: command.requestId }, 'the next tasks could not be claimed');
    return { claimed: { items: [] } };
  }
};
