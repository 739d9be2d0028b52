import { z } from 'zod';
import { json, jsonObject } from '../schema.js';

const name = z.string().min(1).max(200);

/** What a checkpoint says, besides its id. */
export const checkpointFields = {
  agent: name,
  stage: name,
  stageOrder: z.number().int().nonnegative(),
  state: jsonObject,
  outputs: json.optional(),
  processing: z.array(jsonObject).max(1_000).optional(),
};
