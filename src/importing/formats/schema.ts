import { z } from 'zod';
import type { JsonObject } from '../../domain/json.js';

/** A JSON object; values come out of parseJson, so there is nothing left to check. */
export const anyObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

/** What every recorded message must have: being an object with a role. All else is read leniently. */
export const messageWithRole = z.custom<JsonObject>(
  (value) => anyObject.safeParse(value).success && typeof (value as JsonObject).role === 'string',
  'expected an object with a role',
);
