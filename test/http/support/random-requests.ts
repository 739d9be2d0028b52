import fc from 'fast-check';
import type { Contract, Operation, Parameter } from '../../support/contract.js';
import { fromSchema, type Schema } from './random-from-schema.js';
import { hostile, hostileText } from './random-values.js';

/** A request as it is sent, with no promise of making sense. `{{name}}` stands for a target. */
export type RandomRequest = Readonly<{
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}>;

/** Things that are there, by their names: their ids, streams and the like. */
export type Targets = Readonly<Record<string, string>>;

/** The names of what {@link Targets} has to have. */
const targetNames = [
  ...['session', 'message', 'execution', 'checkpoint', 'interrupt', 'task', 'webhook'],
  ...['sessionStream', 'executionStream', 'taskStream', 'leaseToken'],
] as const;

const target = (name: (typeof targetNames)[number]) => fc.constant(`{{${name}}}`);
const streams = fc.constantFrom('{{sessionStream}}', '{{executionStream}}', '{{taskStream}}');

/** What the document cannot say of fields and parameters: what is there to be named. */
const named: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  sessionId: target('session'),
  parentSessionId: target('session'),
  executionId: target('execution'),
  messageId: target('message'),
  leaseToken: target('leaseToken'),
  stream: streams,
  queue: fc.constantFrom('fuzz', 'fuzz-*', 'fuzz', 'fuzz\u202e'),
  workerId: fc.constant('fuzzer'),
  url: fc.constantFrom('https://forkline.invalid/hook', 'http://127.0.0.1:1/', 'ftp://a', 'x'),
  topics: fc.constantFrom(['chat.*'], ['nothing.*'], ['']),
  // Nobody waits for what does not come.
  waitSeconds: fc.constantFrom(0, 0, -1, 31),
  after: fc.constantFrom('0', '5', '-1', 'x'),
  names: fc.constantFrom(['sessions'], ['nobody'], []),
};

const headers = fc.record(
  {
    'Content-Type': fc.constantFrom('application/json', 'application/json', 'text/plain', '*/*'),
    'If-Match': fc.constantFrom('"0"', '"1"', '*', 'W/"1"', '"x"', ''),
    'If-None-Match': fc.constantFrom('"0"', '*', 'W/"1"'),
    'Idempotency-Key': fc.constantFrom('a', 'b', 'c', 'é', 'x'.repeat(256)),
    'X-User-Id': fc.constantFrom('ann', 'bob', '$ne', 'x'.repeat(300)),
    'X-Request-Id': fc.constantFrom('r-1', 'with space', 'é'),
    'Content-Encoding': fc.constantFrom('gzip', 'identity', 'zstd'),
    Accept: fc.constantFrom('text/html', 'application/x-ndjson', 'nothing/at all'),
    Origin: fc.constantFrom('http://localhost:3000', 'null'),
    traceparent: fc.constantFrom('00-0-0-0', 'x'),
  },
  { requiredKeys: [] },
);

/** Recordings of a run, and what is none. */
const files = fc.oneof(
  fc.constantFrom(
    '{"messages":[{"role":"user","content":"recorded"}]}',
    '[{"role":"user","content":"recorded"},{"role":"assistant","content":"so"}]',
    '{"messages":[{"role":"user","content":"a"}]}\n{"messages":[{"role":"user","content":"b"}]}',
    '{"trajectory":[{"action":"ls","observation":"","thought":""}],"history":[]}',
    '{"forkline":1,"session":{},"messages":[],"executions":[]}',
    '[{"task_id":1,"traj":[{"role":"user","content":"x"}],"reward":1}]',
  ),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string(),
);

const oneOfEach = <Value>(...weighted: readonly (readonly [number, fc.Arbitrary<Value>])[]) =>
  fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));

type Placed = Operation & Readonly<{ method: string; path: string }>;

/** Requests to the operations of a document: that fit it, that nearly do, and that are hostile. */
export const randomRequests = (contract: Contract): fc.Arbitrary<RandomRequest> => {
  const choosing = (astray: number) => ({
    ...{ astray, named },
    resolve: (reference: string) => contract.resolve<Schema>({ $ref: reference }),
  });

  const bodyOf = ({ requestBody }: Placed, astray: number): fc.Arbitrary<string | undefined> => {
    const schema = requestBody?.content['application/json']?.schema;
    if (!requestBody) return oneOfEach([9, fc.constant(undefined)], [1, fc.constant('{}')]);
    if (!schema) return files;
    const fitting = fromSchema(schema, choosing(astray)).map((body) => JSON.stringify(body));
    return requestBody.required ? fitting : oneOfEach([6, fitting], [1, fc.constant(undefined)]);
  };

  const chosenFor = (place: Placed, { name, schema }: Parameter, astray: number) => {
    const own = ownId(place, name) ?? named[name] ?? fromSchema(schema, choosing(0));
    const text = own.map((value) => String(value));
    return astray === 0 ? text : oneOfEach([astray, text], [1, hostileText]);
  };

  const requestTo = (place: Placed, astray: number): fc.Arbitrary<RandomRequest> => {
    const parameters = (place.parameters ?? []).map((each) =>
      contract.resolve<Parameter>(each as Parameter),
    );
    const inPath = parameters.filter((each) => each.in === 'path');
    const inQuery = parameters.filter((each) => each.in === 'query');
    const values = (of: readonly Parameter[], required: boolean) =>
      fc.record(Object.fromEntries(of.map((each) => [each.name, chosenFor(place, each, astray)])), {
        requiredKeys: of
          .filter((each) => required || (each.required && astray === 0))
          .map(({ name }) => name),
      });
    return fc
      .record({
        path: values(inPath, true),
        query: oneOfEach<Record<string, string>>(
          [
            2,
            values(
              inQuery.filter(({ required }) => required),
              astray === 0,
            ),
          ],
          [1, values(inQuery, false)],
        ),
        body: bodyOf(place, astray),
        sent: astray === 0 ? fc.constant({}) : oneOfEach([4, fc.constant({})], [1, headers]),
        caller: oneOfEach([9, fc.constant('ann')], [1, fc.constant('local')]),
      })
      .map(({ path, query, body, sent, caller }) => {
        const said = new URLSearchParams(query).toString();
        const named = place.path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(path[name]));
        return {
          method: place.method.toUpperCase(),
          path: named + (said && `?${said}`),
          headers: {
            'X-User-Id': caller,
            ...(place.requestBody && { 'Content-Type': 'application/json' }),
            ...sent,
          },
          ...(body !== undefined && place.method !== 'get' && { body }),
        };
      });
  };

  const hostileTo = (place: Placed): fc.Arbitrary<RandomRequest> =>
    fc
      .record({
        request: requestTo(place, 2),
        method: fc.constantFrom(place.method.toUpperCase(), 'PUT', 'HEAD', 'OPTIONS', 'DELETE'),
        query: fc.dictionary(fc.string(), hostileText, { maxKeys: 3 }),
        body: oneOfEach(
          [2, hostile.map((value) => JSON.stringify(value))],
          [1, fc.string()],
          [1, fc.constant(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)],
        ),
        sent: headers,
      })
      .map(({ request, method, query, body, sent }) => {
        const { body: _, ...kept } = request;
        const said = new URLSearchParams(query).toString();
        return {
          ...{ ...kept, method, headers: { ...request.headers, ...sent } },
          path: request.path + (request.path.includes('?') ? '&' : '?') + said,
          ...(!['GET', 'HEAD'].includes(method) && { body }),
        };
      });

  // What never ends is no answer that could be waited for.
  const places = contract.operations.filter(({ path }) => !path.startsWith('/v1/feed'));
  return fc.oneof(
    ...places.map((place) =>
      oneOfEach([4, requestTo(place, 0)], [4, requestTo(place, 12)], [2, hostileTo(place)]),
    ),
  );
};

/** What an `id` in a path is the id of. */
const ownId = ({ path }: Placed, name: string): fc.Arbitrary<string> | undefined => {
  if (name === 'name') return fc.constantFrom('sessions', 'pipeline', 'nobody');
  if (name === 'a' || name === 'b') return path.includes('streams') ? streams : target('execution');
  if (name !== 'id') return undefined;
  const [, , of = ''] = path.split('/');
  const what = of.replace(/s$/, '') as (typeof targetNames)[number];
  if (of === 'workers') return fc.constant('fuzzer');
  return targetNames.includes(what) ? target(what) : undefined;
};

const encoded = (value = ''): string =>
  value.startsWith('{{') ? value : encodeURIComponent(value) || '%20';

/** A request aimed at what is there. */
export const aimed = (
  { path, body, ...request }: RandomRequest,
  targets: Targets,
): RandomRequest => {
  const put = (text: string) =>
    text.replace(
      /\{\{(\w+)\}\}|%7B%7B(\w+)%7D%7D/g,
      (all, name, other) => targets[name ?? other] ?? all,
    );
  return { ...request, path: put(path), ...(body !== undefined && { body: put(body) }) };
};
