import type { Json } from './json-schema.js';

const header = (name: string, description: string, schema: Json): Json => ({
  [name]: { name, in: 'header', description, schema },
});

/** Headers that requests of many kinds take. */
export const parameters: Json = {
  ...header(
    'X-Request-Id',
    'Names the request in the answer, in logs and in the events it adds; made when there is none.',
    { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
  ),
  ...header(
    'Idempotency-Key',
    'The same request under the same key, within 24 hours, gives the first answer again and adds no event.',
    { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' },
  ),
  ...header(
    'If-Match',
    'The revision that the stream has to be at, as an entity tag; otherwise the write is refused with 412.',
    { type: 'string', pattern: '^("\\d{1,15}"|\\*)$', example: '"12"' },
  ),
  ...header(
    'If-None-Match',
    'An entity tag that was answered before: 304 when nothing has changed.',
    { type: 'string' },
  ),
};

/** Headers of answers. */
export const responseHeaders: Json = {
  'X-Request-Id': {
    description: 'The id of the request.',
    required: true,
    schema: { type: 'string' },
  },
  ETag: {
    description: 'The revision. Not there where more than that changes the answer.',
    schema: { type: 'string', pattern: '^(W/)?"[^"]*"$' },
  },
  Location: {
    description: 'Where what was made can be looked at.',
    required: true,
    schema: { type: 'string', pattern: '^/' },
  },
  'Idempotent-Replayed': {
    description: 'That the answer is the first one under the idempotency key, given again.',
    schema: { type: 'string', const: 'true' },
  },
  'Retry-After': {
    description: 'After how many seconds to try again.',
    required: true,
    schema: { type: 'string', pattern: '^\\d+$' },
  },
  'WWW-Authenticate': {
    description: 'How to say who asks.',
    required: true,
    schema: { type: 'string' },
  },
  ...Object.fromEntries(
    ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'].map((name) => [
      name,
      {
        description:
          'How many requests may be made, are left, and in how many seconds it is all again.',
        schema: { type: 'string', pattern: '^\\d+$' },
      },
    ]),
  ),
  Upgrade: {
    description: 'The protocol to ask for.',
    required: true,
    schema: { const: 'websocket' },
  },
  Allow: {
    description: 'The methods there are.',
    required: true,
    schema: { type: 'string' },
  },
};

/** How callers say who they are. */
export const securitySchemes: Json = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A JWT, or an API key. The role `admin` stands for administrators.',
  },
  userName: {
    type: 'apiKey',
    in: 'header',
    name: 'X-User-Id',
    description:
      'Where no authentication is configured: the name of the caller, else `local`, an administrator.',
  },
  tokenInQuery: {
    type: 'apiKey',
    in: 'query',
    name: 'access_token',
    description: 'For browsers, which give a WebSocket no headers.',
  },
};
