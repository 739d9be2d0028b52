import { z } from 'zod';
import { given } from '../../fields.js';
import { listCheckpoints } from '../../queries/checkpoints.js';
import { findExecution } from '../../queries/executions.js';
import { timelineOf } from '../../queries/timeline.js';
import { found, written } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, paging, revision } from '../schema.js';
import type { Services } from '../services.js';
import { count, pageOf, writtenSchema, writtenWith } from '../views/common.js';
import { checkpointSchema, timelineSchema } from '../views/executions.js';
import { checkpointFields } from './checkpoint-schema.js';
import { pruneCheckpoints } from './prune-checkpoints.js';

const params = z.strictObject({ id });

/** What an execution has saved on its way: its checkpoints, and the timeline that they lie on. */
export const executionCheckpointRoutes = (
  services: Services,
  gate: FamilyGate,
): readonly Route[] => {
  const { executions, collections } = services;

  return [
    route({
      method: 'post',
      path: '/v1/executions/:id/checkpoints',
      access: 'own',
      params,
      body: z.strictObject({ id: id.optional(), ...checkpointFields }),
      operationId: 'saveCheckpoint',
      summary: 'Save a checkpoint',
      answers: { 201: writtenSchema },
      handle: async ({ params, body: { id: named, ...checkpoint } }, { command, newId }) => {
        const checkpointId = named ?? newId;
        const outcome = await executions(
          params.id,
          [{ type: 'SaveCheckpoint', checkpointId, ...given(checkpoint) }],
          command,
        );
        return written(outcome, {
          created: `/v1/checkpoints/${checkpointId}`,
          more: { id: checkpointId },
        });
      },
    }),
    route({
      method: 'get',
      path: '/v1/executions/:id/checkpoints',
      access: 'own',
      reads: ['executions', 'checkpoints', 'prunes', 'streams'],
      params,
      query: z.strictObject({ at: revision.optional(), ...paging, ...after }),
      operationId: 'listCheckpoints',
      summary: 'List the checkpoints of an execution, oldest first, as of any revision',
      answers: { 200: pageOf(checkpointSchema) },
      handle: async ({ params, query }, { caller }) => {
        const execution = await findExecution(collections, caller, params.id);
        if (!execution) throw new Problem('execution-not-found');
        if (query.at !== undefined && query.at > execution.revision)
          throw new Problem('revision-not-found');
        const body = await listCheckpoints(collections, `execution-${params.id}`, given(query));
        return { status: 200, body };
      },
    }),
    route({
      method: 'get',
      path: '/v1/executions/:id/timeline',
      access: 'own',
      reads: ['executions', 'checkpoints', 'prunes', 'streams'],
      params,
      query: z.strictObject({ ...paging, limit: paging.limit.default(500), ...after }),
      operationId: 'getTimeline',
      summary: 'Look at the timeline of an execution',
      answers: { 200: timelineSchema },
      handle: async ({ params, query }, { caller }) =>
        found(
          await timelineOf(collections, caller, params.id, given(query)),
          'execution-not-found',
        ),
    }),
    route({
      method: 'post',
      path: '/v1/executions/:id/checkpoints/prune',
      access: 'own',
      params,
      body: z.strictObject({ keepLast: z.number().int().min(1).max(10_000) }),
      operationId: 'pruneCheckpoints',
      summary: 'Prune all but the newest checkpoints',
      answers: { 200: writtenWith({ pruned: count }) },
      handle: ({ params, body: { keepLast } }, { command }) =>
        pruneCheckpoints(services, gate, params.id, keepLast, command),
    }),
  ];
};
