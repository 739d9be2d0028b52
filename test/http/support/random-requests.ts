import fc from 'fast-check';
import { fieldsOf, fitting, hostile, hostileText } from './random-values.js';

/** A request as it is sent, with no promise of making sense. */
export type RandomRequest = Readonly<{
  method: string;
  /** With `:name` for parameters. */
  path: string;
  /** Numbers stand for what is there, see {@link pathOf}. */
  parameters: readonly (string | number)[];
  query: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}>;

type Endpoint = Readonly<{ method: string; path: string }>;

const queryNames = ['limit', 'cursor', 'at', 'after', 'q', 'status', 'from', 'direction', 'hard'];
const queryNamesAlso = ['includeDeleted', 'sessionId', 'format', '__proto__', 'x'];

const queryValue = fc.oneof(
  fc.constantFrom('1', '0', '5', 'true', 'backwards', 'forwards', 'active', 'json', 'word'),
  hostileText.filter((text) => !/^\d{3,}$/.test(text)),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify([value])).toString('base64url')),
);

const queries = fc.array(fc.tuple(fc.constantFrom(...queryNames, ...queryNamesAlso), queryValue), {
  minLength: 1,
  maxLength: 2,
});

const bodyFor = (path: string): fc.Arbitrary<string> => {
  const names = fieldsOf.find(([end]) => end.test(path))?.[1] ?? [];
  const fields = Object.fromEntries(
    names.map((name) => [
      name,
      fc.oneof({ weight: 12, arbitrary: fitting[name] ?? hostile }, hostile),
    ]),
  );
  return fc.oneof(
    { weight: 6, arbitrary: fc.record(fields).map((body) => JSON.stringify(body)) },
    {
      weight: 2,
      arbitrary: fc.record(fields, { requiredKeys: [] }).map((body) => JSON.stringify(body)),
    },
    hostile.map((body) => JSON.stringify(body)),
    fc.string(),
  );
};

const headers = fc.record(
  {
    'Content-Type': fc.constantFrom('application/json', 'application/json', 'text/plain', '*/*'),
    'If-Match': fc.constantFrom('"0"', '"1"', '*', 'W/"1"', '"x"', ''),
    'Idempotency-Key': fc.constantFrom('a', 'b', 'c', 'é', 'x'.repeat(256)),
    'X-User-Id': fc.constantFrom('ann', 'bob', '$ne', 'x'.repeat(300)),
    'X-Request-Id': fc.constantFrom('r-1', 'with space', 'é'),
    Accept: fc.constantFrom('text/html', 'application/x-ndjson', 'nothing/at all'),
    traceparent: fc.constantFrom('00-0-0-0', 'x'),
  },
  { requiredKeys: [] },
);

/** Requests to endpoints, most of them nearly right. */
export const randomRequest = (endpoints: readonly Endpoint[]): fc.Arbitrary<RandomRequest> =>
  fc.constantFrom(...endpoints).chain(({ method, path }) =>
    fc
      .record({
        parameters: fc.array(fc.oneof({ weight: 8, arbitrary: fc.nat(1_000) }, hostileText), {
          minLength: 2,
          maxLength: 2,
        }),
        query: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, queries),
        sent: fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, headers),
        otherMethod: fc.constantFrom(
          undefined,
          undefined,
          undefined,
          undefined,
          undefined,
          undefined,
          'PUT',
          'HEAD',
        ),
        body: fc.option(bodyFor(path), { freq: 6, nil: undefined }),
      })
      .map(({ parameters, query, sent, otherMethod, body }) => {
        const verb = otherMethod ?? method.toUpperCase();
        return {
          method: verb,
          path,
          parameters,
          query: new URLSearchParams(query).toString(),
          headers: { 'X-User-Id': 'ann', 'Content-Type': 'application/json', ...sent },
          ...(body !== undefined && verb !== 'GET' && verb !== 'HEAD' && { body }),
        };
      }),
  );

/** Things that are there: their ids and streams. */
export type Targets = Readonly<
  Record<
    'session' | 'message' | 'execution' | 'checkpoint' | 'sessionStream' | 'executionStream',
    string
  >
>;

/** Where a request goes: numbers as parameters stand for targets, even ones for the one that fits. */
export const pathOf = ({ path, parameters, query }: RandomRequest, targets: Targets): string => {
  const all = Object.values(targets);
  let next = 0;
  const named = path.replace(/:(\w+)/g, (_, name: string) => {
    const parameter = parameters[next++ % parameters.length] ?? '';
    if (typeof parameter === 'string') return encodeURIComponent(parameter);
    const isFitting = parameter % 8 !== 0;
    return (
      (isFitting ? fittingTarget(path, name, parameter, targets) : undefined) ??
      all[parameter % all.length] ??
      ''
    );
  });
  return named + (query && `?${query}`);
};

const fittingTarget = (path: string, name: string, parameter: number, targets: Targets) => {
  if (name === 'stream') return parameter % 2 ? targets.sessionStream : targets.executionStream;
  if (name === 'messageId') return targets.message;
  const category = /^\/v1\/(\w+?)s\b/.exec(path)?.[1];
  return category === 'session' || category === 'execution' || category === 'checkpoint'
    ? targets[category]
    : undefined;
};
