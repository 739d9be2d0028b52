import { z } from 'zod';
import { findCheckpoint } from '../../queries/checkpoints.js';
import { found } from '../answers.js';
import { type Route, route } from '../route.js';
import { after, id } from '../schema.js';
import type { Services } from '../services.js';

/** Checkpoints, looked into. */
export const checkpointRoutes = ({ collections }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/checkpoints/:id',
    reads: ['checkpoints', 'prunes', 'streams'],
    params: z.strictObject({ id }),
    query: z.strictObject(after),
    handle: async ({ params }, { caller }) =>
      found(await findCheckpoint(collections, caller, params.id), 'checkpoint-not-found'),
  }),
];
