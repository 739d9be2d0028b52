import { z } from 'zod';
import type { JsonObject, JsonValue } from '../domain/json.js';

// That what is in them can be stored is checked for every body as a whole: see storable.ts.

/** Any JSON. */
export const json = z.custom<JsonValue>((value) => value !== undefined, 'must be given');

/** A JSON object. */
export const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);

const largestMetadata = 64 * 1024;

/** What users note down beside a thing. */
export const metadata = jsonObject.refine(
  (value) => JSON.stringify(value).length <= largestMetadata,
  'may have 64 KiB at most',
);

/** A UUID, in lower case, as stream names have it. */
export const id = z.uuid().toLowerCase();

const longestTtl = 10 * 365 * 24 * 60 * 60;

/** How long something waits, in seconds; null for as long as it takes. */
export const ttlSeconds = z
  .number('must be a number of seconds, or null')
  .min(0.001, 'must be more than 0; null is for as long as it takes')
  .max(longestTtl, `must be ${longestTtl} at most, ten years`)
  .nullable();

export const text = z.string().max(500);
export const reason = z.string().max(2_000);

/** The name of a queue. An asterisk stands for many. */
export const queueName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^*\p{Cc}]*$/u, 'may contain neither * nor control characters');

const wholeNumber = z.string().regex(/^\d{1,16}$/, 'must be a whole number');

/** A revision in the query. */
export const revision = wholeNumber.transform(Number).pipe(z.int());

/** Text to look for. MongoDB takes no pattern with a null character. */
export const searched = z.string().regex(/^[^\0]*$/, 'may not contain a null character');

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

/** A switch in the query: `true` or `false`, false by default. */
export const queryFlag = flag.default(false);

/** What every list takes. */
export const paging = {
  cursor: z.string().min(1).max(2_000).optional(),
  limit: wholeNumber.transform(Number).pipe(z.int().min(1).max(500)).default(50),
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
