import { z } from 'zod';
import { id, jsonObject, metadata } from '../schema.js';

export const content = z.union([z.string(), z.array(jsonObject).max(1_000)]);

/** What a message says, besides its id. */
export const messageFields = {
  role: z.enum(['user', 'assistant', 'system', 'tool']),
  content,
  name: z.string().max(200).optional(),
  toolCalls: z.array(jsonObject).max(1_000).optional(),
  toolCallId: z.string().max(200).optional(),
  metadata: metadata.default({}),
};

export const messageParams = z.strictObject({ id, messageId: id });
