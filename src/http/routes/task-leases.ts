import { z } from 'zod';
import { eventId } from '../../commands/event-id.js';
import type { Task } from '../../domain/task.js';
import { given, withFields } from '../../fields.js';
import { carriedOut, written } from '../answers.js';
import { bulkAnswer, eachOf, mostItems } from '../bulk.js';
import { claimNext, nextClaim } from '../claim-next.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { id } from '../schema.js';
import type { Services } from '../services.js';
import { moment, writtenSchema, writtenWith } from '../views/common.js';
import { bulkSchema, claimedToo } from '../views/tasks.js';
import { completion, failure, leaseToken, progress } from './task-schema.js';

const params = z.strictObject({ id });
const completionItem = z.strictObject({ id, ...completion });

/** What the holder of a task's lease says. */
export const taskLeaseRoutes = (services: Services): readonly Route[] => {
  const { tasks, clock } = services;
  const now = () => new Date(clock.now()).toISOString();

  return [
    route({
      method: 'post',
      path: '/v1/tasks/:id/heartbeat',
      access: 'own',
      params,
      body: z.strictObject({ leaseToken }),
      operationId: 'heartbeatTask',
      summary: 'Extend the lease of a task',
      answers: { 200: z.strictObject({ leaseExpiresAt: moment, cancelRequested: z.boolean() }) },
      handle: async ({ params, body }, { command }) => {
        const extend = { type: 'ExtendLease' as const, ...body, at: now() };
        const { state } = carriedOut(await tasks(params.id, [extend], command));
        // Repeated under its idempotency key, the heartbeat may be of an attempt that is over.
        if (state.status !== 'running' || state.lease?.token !== body.leaseToken)
          throw new Problem('lease-lost');
        const { cancelRequested, lease } = state;
        return { status: 200, body: { leaseExpiresAt: lease.expiresAt, cancelRequested } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/progress',
      access: 'own',
      params,
      body: z.strictObject(progress),
      operationId: 'reportProgress',
      summary: 'Report how far a task is',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) => {
        const report = { type: 'ReportProgress' as const, ...given(body), at: now() };
        return written(await tasks(params.id, [report], command));
      },
    }),
    route({
      method: 'post',
      path: '/v1/tasks/complete',
      access: 'caller',
      body: z.strictObject({
        items: z.array(completionItem).min(1).max(mostItems),
        claim: nextClaim.optional(),
      }),
      operationId: 'completeTasks',
      summary: 'Complete up to 500 tasks',
      answers: { 200: bulkSchema.extend(claimedToo) },
      handle: async ({ body: { items, claim } }, context) => {
        const { ifRevision: _, ...command } = context.command;
        let finished: Task | undefined;
        const completing = eachOf(
          items,
          context,
          '/v1/tasks/complete',
          async ({ id, ...completed }, index) => {
            const complete = { type: 'CompleteTask' as const, ...given(completed) };
            const commandId = eventId(command.commandId, index);
            const outcome = carriedOut(
              await tasks(id, [complete], withFields(command, { commandId })),
            );
            finished ??= outcome.state;
            return written(outcome);
          },
        );
        // One that says all by itself need not wait to hear who held the tasks.
        const isKnown = claim?.workerId !== undefined && claim.leaseSeconds !== undefined;
        if (!isKnown) await completing;
        const next = claimNext(services, claim, finished, context);
        return bulkAnswer(await completing, await next);
      },
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/complete',
      access: 'own',
      params,
      body: z.strictObject({ ...completion, claim: nextClaim.optional() }),
      operationId: 'completeTask',
      summary: 'Complete a task',
      answers: { 200: writtenWith(claimedToo) },
      handle: async ({ params, body: { claim, ...completed } }, context) => {
        const complete = { type: 'CompleteTask' as const, ...given(completed) };
        const outcome = carriedOut(await tasks(params.id, [complete], context.command));
        return written(outcome, { more: await claimNext(services, claim, outcome.state, context) });
      },
    }),
    route({
      method: 'post',
      path: '/v1/tasks/:id/fail',
      access: 'own',
      params,
      body: z.strictObject(failure),
      operationId: 'failTask',
      summary: 'Report that an attempt failed',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) => {
        const timing = { at: now(), jitter: Math.random() };
        const fail = { type: 'FailTask' as const, ...given(body), ...timing };
        return written(await tasks(params.id, [fail], command));
      },
    }),
  ];
};
