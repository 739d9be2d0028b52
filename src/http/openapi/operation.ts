import { z } from 'zod';
import type { Route, Shown } from '../route.js';
import { type Components, type Json, jsonSchemaOf } from './json-schema.js';
import { headersOf, limitHeaders, refusalsOf } from './problems.js';

type ObjectSchema = Json & { properties?: Record<string, Json>; required?: readonly string[] };

/** Describes an endpoint as an operation object of OpenAPI. */
export const operationOf = (route: Route, named: Components): Json => {
  const { method, access, published, takesFile } = route;
  const { operationId, summary, params, query, body } = published;
  const writes = method !== 'get';
  const hasTag = Object.values(published.answers).some(isTagged);
  const commonHeaders = [
    'X-Request-Id',
    ...(writes && !takesFile ? ['Idempotency-Key'] : []),
    ...(writes && hasTag ? ['If-Match'] : []),
    ...(!writes && hasTag ? ['If-None-Match'] : []),
  ];
  return {
    operationId,
    summary,
    tags: [tagOf(route)],
    ...(access === 'admin' && { description: 'For administrators.' }),
    security: securityOf(route),
    parameters: [
      ...parametersIn('path', jsonSchemaOf(params, 'input', named)),
      ...parametersIn('query', jsonSchemaOf(query, 'input', named)),
      ...commonHeaders.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(takesFile ? { requestBody: file } : writes && bodyOf(body, named)),
    responses: {
      ...Object.fromEntries(
        Object.entries(published.answers).map(([status, shown]) => [
          status,
          answerOf(Number(status), shown, { writes, named }),
        ]),
      ),
      ...(!writes && hasTag && { 304: { description: 'Nothing has changed.' } }),
      ...refusalsOf(route),
    },
  };
};

/** The path as the document has it, with `{name}` for a parameter. */
export const pathOf = ({ path }: Pick<Route, 'path'>): string => path.replace(/:(\w+)/g, '{$1}');

/** What an endpoint belongs to: the first part of its path that names something. */
export const tagOf = ({ path }: Pick<Route, 'path'>): string =>
  path.startsWith('/v1/') ? (path.split('/')[2] ?? '') : 'operations';

const securityOf = ({ access }: Route): readonly Json[] => {
  const roles = access === 'admin' ? ['admin'] : [];
  return [{ token: roles }, { userName: roles }, {}];
};

const parametersIn = (where: 'path' | 'query', schema: ObjectSchema): readonly Json[] =>
  Object.entries(schema.properties ?? {}).map(([name, { description, ...said }]) => ({
    name,
    in: where,
    ...(description !== undefined && { description }),
    ...(schema.required?.includes(name) && { required: true }),
    schema: said,
  }));

const file = {
  required: true,
  description: 'The file as it is, or compressed with gzip; up to 64 MiB.',
  content: { '*/*': { schema: {} } },
};

const bodyOf = (body: z.ZodType, named: Components): Json | undefined => {
  const schema = jsonSchemaOf(body, 'input', named) as ObjectSchema;
  const isEmpty = schema.type === 'object' && Object.keys(schema.properties ?? {}).length === 0;
  if (isEmpty) return undefined;
  const isNeeded = !body.safeParse({}).success;
  return {
    requestBody: {
      ...(isNeeded && { required: true }),
      content: { 'application/json': { schema } },
    },
  };
};

type Answering = Readonly<{ writes: boolean; named: Components }>;

const answerOf = (status: number, shown: Shown, { writes, named }: Answering): Json => {
  const media = shown instanceof z.ZodType ? { 'application/json': shown } : shown;
  const headers = [
    'X-Request-Id',
    ...(isTagged(shown) ? ['ETag'] : []),
    ...(status === 201 || status === 202 ? ['Location'] : []),
    ...(writes ? ['Idempotent-Replayed'] : []),
    ...limitHeaders,
  ];
  return {
    description: descriptions[status] ?? 'What was asked for.',
    headers: headersOf(headers),
    content: Object.fromEntries(
      Object.entries(media).map(([type, schema]) => [
        type,
        { schema: jsonSchemaOf(schema, 'output', named) },
      ]),
    ),
  };
};

const descriptions: Readonly<Record<number, string>> = {
  201: 'Made.',
  202: 'Begun.',
};

/** Whether an answer is that of one revision, which is its entity tag. */
const isTagged = (shown: Shown): boolean =>
  shown instanceof z.ZodObject && Object.hasOwn(shown.shape, 'revision');
