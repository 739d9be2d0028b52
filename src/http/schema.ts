import { z } from 'zod';
import type { JsonObject, JsonValue } from '../domain/json.js';

const deepest = 64;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype', '_bsontype']);

/** Why a value cannot be stored, or undefined when it can: keys that stores or languages give a meaning of their own, and too much depth. */
const unstorable = (value: unknown, depth = 0): string | undefined => {
  if (depth > deepest) return `nested deeper than ${deepest}`;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (forbiddenKeys.has(key)) return `the key ${key} is not allowed`;
    if (key.includes('\0')) return 'a key may not contain a null character';
    const reason = unstorable(inner, depth + 1);
    if (reason) return reason;
  }
  return undefined;
};

const storable = (value: unknown, context: z.RefinementCtx): void => {
  const message = unstorable(value);
  if (message) context.addIssue({ code: 'custom', message });
};

/** Any JSON that can be stored. */
export const json = z
  .custom<JsonValue>((value) => value !== undefined, 'must be given')
  .superRefine(storable);

/** A JSON object that can be stored. */
export const jsonObject = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  )
  .superRefine(storable);

const largestMetadata = 64 * 1024;

/** What users note down beside a thing. */
export const metadata = jsonObject.refine(
  (value) => JSON.stringify(value).length <= largestMetadata,
  'may have 64 KiB at most',
);

/** A UUID, in lower case, as stream names have it. */
export const id = z.uuid().toLowerCase();

export const text = z.string().max(500);
export const reason = z.string().max(2_000);
export const revision = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** A switch in the query: `true` or `false`, false by default. */
export const queryFlag = flag.default(false);

/** What every list takes. */
export const paging = {
  cursor: z.string().max(2_000).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
};

/** What every read of a read model takes: the position that it must have seen. */
export const after = {
  after: z
    .string()
    .regex(/^\d{1,16}$/, 'must be a position')
    .transform(Number)
    .optional(),
};

/** Makes an object of what is given: properties that are undefined are left out. */
export const given = <Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]: Exclude<Fields[Key], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]: Exclude<Fields[Key], undefined>;
  };
