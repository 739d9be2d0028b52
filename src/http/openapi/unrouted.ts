import type { Json } from './json-schema.js';
import { headersOf } from './problems.js';

const answering = (type: string, schema: Json, description: string): Json => ({
  description,
  headers: headersOf(['X-Request-Id']),
  content: { [type]: { schema } },
});

const statusOf = (status: string, more: Json = {}): Json => ({
  type: 'object',
  properties: { status: { const: status }, ...more },
  required: ['status', ...Object.keys(more)],
  additionalProperties: false,
});

const ready = statusOf('ready', {
  checks: { type: 'array', items: { $ref: '#/components/schemas/Check' } },
});

const unavailable = { 503: { $ref: '#/components/responses/ServiceUnavailable' } };

const operation = (operationId: string, summary: string, responses: Json): Json => ({
  operationId,
  summary,
  tags: ['operations'],
  security: [],
  parameters: [{ $ref: '#/components/parameters/X-Request-Id' }],
  responses,
});

/** What is served beside the routes. */
export const unrouted: Json = {
  '/healthz': {
    get: operation('getHealth', 'Ask whether the process runs', {
      200: answering('application/json', statusOf('ok'), 'It does.'),
    }),
  },
  '/readyz': {
    get: operation('getReadiness', 'Ask whether the node should be sent requests', {
      200: answering('application/json', ready, 'It should; what was looked at.'),
      ...unavailable,
    }),
  },
  '/openapi.json': {
    get: operation('getDocument', 'Get this document', {
      200: answering('application/json', { type: 'object' }, 'This document.'),
      304: { description: 'Nothing has changed.' },
    }),
  },
  '/docs': {
    get: operation('getDocs', 'Read this document as a page', {
      200: answering('text/html', { type: 'string' }, 'The page.'),
    }),
  },
  '/v1/feed': {
    get: {
      operationId: 'openFeed',
      summary: 'Open the feed as a WebSocket',
      tags: ['feed'],
      description:
        'Upgrades to a WebSocket that speaks the subprotocol `forkline.v1`; what is said on it is described in docs/feed.md.',
      security: [{ token: [] }, { tokenInQuery: [] }, { userName: [] }, {}],
      parameters: [{ $ref: '#/components/parameters/X-Request-Id' }],
      responses: {
        101: { description: 'The WebSocket is open.' },
        400: { $ref: '#/components/responses/BadRequest' },
        401: { $ref: '#/components/responses/Unauthorized' },
        403: { $ref: '#/components/responses/Forbidden' },
        404: { $ref: '#/components/responses/NotFound' },
        426: { $ref: '#/components/responses/UpgradeRequired' },
        ...unavailable,
      },
    },
  },
};
