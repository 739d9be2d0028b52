import { z } from 'zod';
import { type JsonObject, type JsonValue, jsonBytes } from '../domain/json.js';
import { publishedAs } from './published.js';

// That what is in them can be stored is checked for every body as a whole: see storable.ts.

/** Any JSON. */
export const json = publishedAs(
  z.custom<JsonValue>((value) => value !== undefined, 'must be given'),
  { description: 'Any JSON.' },
);

/** A JSON object. */
export const jsonObject = publishedAs(
  z.custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  ),
  { type: 'object', additionalProperties: true },
);

/** In bytes, as JSON in UTF-8. */
const largestMetadata = 64 * 1024;

/** What users note down beside a thing. */
export const metadata = jsonObject.refine(
  (value) => jsonBytes(value) <= largestMetadata,
  'may have 64 KiB at most',
);

/** A UUID, in lower case, as stream names have it. */
export const id = publishedAs(z.uuid().toLowerCase(), { type: 'string', format: 'uuid' });

const longestTtl = 10 * 365 * 24 * 60 * 60;

/** How long something waits, in seconds; null for as long as it takes. */
export const ttlSeconds = z
  .number('must be a number of seconds, or null')
  .min(0.001, 'must be 0.001 at least; null is for as long as it takes')
  .max(longestTtl, `must be ${longestTtl} at most, ten years`)
  .nullable();

export const text = z.string().max(500);
export const reason = z.string().max(2_000);

/** The name of a queue. An asterisk stands for many. */
export const queueName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(?!\.{1,2}$)[^*\p{Cc}]*$/u, 'may not be . or .., nor contain * or control characters');

const wholeNumber = z.string().regex(/^\d{1,16}$/, 'must be a whole number');

/** A revision in the query. */
export const revision = publishedAs(wholeNumber.transform(Number).pipe(z.int()), {
  type: 'integer',
  minimum: 0,
  description: 'A place in a stream, counted from 0.',
});

/** Text to look for. MongoDB takes no pattern with a null character. */
export const searched = z.string().regex(/^[^\0]*$/, 'may not contain a null character');

const flag = publishedAs(
  z.enum(['true', 'false']).transform((value) => value === 'true'),
  { type: 'boolean' },
);

/** A switch in the query: `true` or `false`, false by default. */
export const queryFlag = flag.default(false);

/** What every list takes. */
export const paging = {
  cursor: publishedAs(z.string().min(1).max(2_000), {
    type: 'string',
    minLength: 1,
    maxLength: 2_000,
    description: 'What the page before gave as `next`.',
  }).optional(),
  limit: publishedAs(wholeNumber.transform(Number).pipe(z.int().min(1).max(500)), {
    type: 'integer',
    minimum: 1,
    maximum: 500,
    description: 'How many items a page has at most.',
  }).default(50),
};

/** What every read of a read model takes: the position that it must have seen. */
export const after = {
  after: publishedAs(
    z
      .string()
      .regex(/^\d{1,16}$/, 'must be a position')
      .transform(Number)
      .pipe(z.int('must be a position')),
    {
      type: 'string',
      pattern: '^\\d{1,16}$',
      description: 'The position that what is read must have seen; it is waited for, 5 s at most.',
    },
  ).optional(),
};
