import { z } from 'zod';
import { jsonObject } from '../schema.js';

/** What people and agents tell each other. */
export const longText = z.string().max(20_000);

/** An answer to an interrupt. Of which sort it must be, its kind says. */
export const responseFields = {
  text: longText.optional(),
  approved: z.boolean().optional(),
  decision: z.string().max(2_000).optional(),
  data: jsonObject.optional(),
};
