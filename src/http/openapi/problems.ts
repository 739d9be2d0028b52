import { STATUS_CODES } from 'node:http';
import { problemCodes, statusOf } from '../problem.js';
import type { Route } from '../route.js';
import type { Json } from './json-schema.js';

const byStatus = (): ReadonlyMap<number, readonly string[]> => {
  const codes = new Map<number, string[]>();
  for (const code of problemCodes)
    codes.set(statusOf(code), [...(codes.get(statusOf(code)) ?? []), code]);
  return codes;
};

/** What says where a caller stands with the limit that a request counts for. */
export const limitHeaders = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

const headers: Readonly<Record<number, readonly string[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  426: ['Upgrade'],
  429: ['Retry-After', ...limitHeaders],
  503: ['Retry-After'],
  504: ['Retry-After'],
};

/** The answers that refuse, one a status, made from the table of problems. A fault of the server is none that is foreseen. */
export const problemResponses = (): Json =>
  Object.fromEntries(
    [...byStatus()]
      .filter(([status]) => status !== 500)
      .map(([status, codes]) => [
        nameOf(status),
        {
          description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
          headers: headersOf(['X-Request-Id', ...(headers[status] ?? [])]),
          content: {
            'application/problem+json': {
              schema: {
                allOf: [
                  { $ref: '#/components/schemas/Problem' },
                  {
                    properties: { status: { const: status }, code: { enum: codes } },
                    ...(status === 400 && { required: ['errors'] }),
                  },
                ],
              },
            },
          },
        },
      ]),
  );

/**
 * The refusals that an endpoint may answer with, by status. Statuses that say nothing of the kind of
 * endpoint belong to every endpoint.
 */
export const refusalsOf = (route: Pick<Route, 'method' | 'path' | 'access'>): Json => {
  const writes = route.method !== 'get';
  const may: Readonly<Record<number, boolean>> = {
    404: writes || route.access === 'own' || route.path.includes(':'),
    405: false,
    408: false,
    417: false,
    426: false,
    431: false,
    409: writes,
    412: writes,
    413: writes,
    415: writes,
    422: writes,
    500: false,
  };
  return Object.fromEntries(
    [...byStatus().keys()]
      .filter((status) => may[status] ?? true)
      .sort((a, b) => a - b)
      .map((status) => [String(status), { $ref: `#/components/responses/${nameOf(status)}` }]),
  );
};

const nameOf = (status: number): string => (STATUS_CODES[status] ?? '').replace(/\W/g, '');

/** The headers of an answer, as they are in the components. */
export const headersOf = (names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
