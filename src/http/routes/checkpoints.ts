import { z } from 'zod';
import { given } from '../../fields.js';
import { findCheckpoint } from '../../queries/checkpoints.js';
import { found } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { type Route, route } from '../route.js';
import { after, id, jsonObject, reason } from '../schema.js';
import type { Services } from '../services.js';
import { checkpointDetailSchema, replayedSchema } from '../views/executions.js';
import { replayCheckpoint } from './replay-checkpoint.js';

const params = z.strictObject({ id });
const reads = ['checkpoints', 'prunes', 'streams'] as const;

/** Checkpoints, looked into and replayed. */
export const checkpointRoutes = (services: Services, gate: FamilyGate): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/checkpoints/:id',
    access: 'own',
    reads,
    params,
    query: z.strictObject({ executionId: id.optional(), ...after }),
    operationId: 'getCheckpoint',
    summary: 'Look into a checkpoint, with its full state',
    answers: { 200: checkpointDetailSchema },
    handle: async ({ params, query: { executionId } }, { caller }) => {
      const inStream = executionId === undefined ? undefined : `execution-${executionId}`;
      const { collections } = services;
      const checkpoint = await findCheckpoint(collections, caller, params.id, inStream);
      return found(checkpoint, 'checkpoint-not-found');
    },
  }),
  route({
    method: 'post',
    path: '/v1/checkpoints/:id/replay',
    access: 'own',
    reads,
    params,
    query: z.strictObject(after),
    body: z.strictObject({
      modifications: jsonObject.optional(),
      reason: reason.optional(),
      resume: z.boolean().default(false),
    }),
    operationId: 'replayCheckpoint',
    summary: 'Fork an execution at a checkpoint, with its state modified',
    answers: { 201: replayedSchema },
    handle: ({ params, body: { resume, ...others } }, context) =>
      replayCheckpoint(services, gate, params.id, { resume, ...given(others) }, context),
  }),
];
