import { setImmediate as turn } from 'node:timers/promises';
import type { Route } from '../route.js';
import { problemSchema } from '../views/problem.js';
import { parameters, responseHeaders, securitySchemes } from './common-parts.js';
import { type Components, type Json, jsonSchemaOf } from './json-schema.js';
import { operationOf, pathOf, tagOf } from './operation.js';
import { problemResponses } from './problems.js';
import { unrouted } from './unrouted.js';

const tags: readonly Readonly<{ name: string; description: string }>[] = [
  { name: 'sessions', description: 'Conversations, and what is said in them.' },
  { name: 'messages', description: 'Messages of all sessions.' },
  { name: 'executions', description: 'Runs of a pipeline, and the states they saved.' },
  { name: 'checkpoints', description: 'Saved states, looked into and replayed.' },
  { name: 'interrupts', description: 'Questions that hold up an agent.' },
  { name: 'tasks', description: 'Work to be done by workers.' },
  { name: 'queues', description: 'Where tasks wait.' },
  { name: 'workers', description: 'Who carries out tasks.' },
  { name: 'streams', description: 'Time travel: events, states as of any of them, and forks.' },
  { name: 'feed', description: 'Events as they happen.' },
  { name: 'webhooks', description: 'Addresses that are told of events.' },
  { name: 'projections', description: 'Read models, for administrators.' },
  { name: 'operations', description: 'The process itself.' },
];

/**
 * The document of the API (OpenAPI 3.1), made from the schemas that check requests and show answers.
 * It takes some hundred milliseconds, between which others are served.
 */
export const openApiDocument = async (routes: readonly Route[], version: string): Promise<Json> => {
  const named: Components = new Map();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[pathOf(route)] = { ...paths[pathOf(route)], [route.method]: operationOf(route, named) };
    await turn();
  }
  jsonSchemaOf(problemSchema, 'output', named);
  const used = new Set([...routes.map(tagOf), 'operations']);
  const known = new Set(tags.map(({ name }) => name));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Forkline',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      summary: 'The event-sourced control plane for AI agents.',
      description:
        'Look at any run as of any event, and fork it from there. Refusals are problem documents (RFC 9457) with a stable `code`.',
    },
    servers: [{ url: '/' }],
    tags: [
      ...tags.filter(({ name }) => used.has(name)),
      ...[...used].filter((name) => !known.has(name)).map((name) => ({ name })),
    ],
    paths: { ...paths, ...unrouted },
    components: {
      schemas: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: problemResponses(),
      parameters,
      headers: responseHeaders,
      securitySchemes,
    },
  };
};
