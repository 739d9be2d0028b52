import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** What was asked and what was answered. `path` is without the query. */
export type Exchange = Readonly<{
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
}>;

type Described = Readonly<{ description?: string; required?: boolean; schema?: object }>;
type ResponseObject = Readonly<{
  headers?: Readonly<Record<string, Described & Readonly<{ $ref?: string }>>>;
  content?: Readonly<Record<string, unknown>>;
  $ref?: string;
}>;
export type Parameter = Readonly<{
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Readonly<Record<string, unknown>>;
}>;
export type Operation = Readonly<{
  operationId: string;
  parameters?: readonly Readonly<{ $ref?: string }>[];
  requestBody?: Readonly<{
    required?: boolean;
    content: Readonly<Record<string, Readonly<{ schema: Readonly<Record<string, unknown>> }>>>;
  }>;
  responses: Readonly<Record<string, ResponseObject>>;
}>;

/** The document of the API. */
export type OpenApi = Readonly<{
  openapi: string;
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}>;

/** The document of the API, at work: finds operations, and checks answers. */
export type Contract = Readonly<{
  document: OpenApi;
  operations: readonly (Operation & Readonly<{ method: string; path: string }>)[];
  /** The operation that a request is one of, if any. */
  operationOf(method: string, path: string): Operation | undefined;
  /** What is wrong with an answer; undefined when it is as the document says. */
  flawIn(exchange: Exchange): string | undefined;
  /** What a reference within the document leads to; the object itself when it is none. */
  resolve<Object>(object: Object & Readonly<{ $ref?: string }>): Object;
}>;

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

const contractOf = (document: OpenApi): Contract => {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: false });
  formats.default(ajv);
  ajv.addSchema(document as AnySchemaObject, 'api');
  const compiled = new Map<string, ValidateFunction>();
  const validator = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `api#${encodeURI(pointer)}` });
    compiled.set(pointer, known);
    return known;
  };

  const pointerOf = (object: Readonly<{ $ref?: string }>, place: string): string =>
    object.$ref?.slice(1) ?? place;
  const at = (pointer: string): unknown =>
    pointer
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<any>((inner, part) => inner?.[part], document);

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
  );
  const patterns = operations
    .map(({ path, method }) => ({
      ...{ path, method },
      pattern: new RegExp(
        `^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '(?:[^/]+)')}/?$`,
        'i',
      ),
    }))
    // A path that is spelled out comes before one with a parameter in its place.
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  const placeOf = (method: string, path: string) => {
    const fitting = patterns.filter(({ pattern }) => pattern.test(path));
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const first = fitting[0]?.path;
    return fitting.find((each) => each.path === first && each.method === verb);
  };

  const flawOfBody = (pointer: string, text: string): string | undefined => {
    const validate = validator(pointer);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return 'the body is not JSON';
    }
    return validate(body) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'body' });
  };

  const flawOfHeaders = (response: ResponseObject, headers: Headers): string | undefined => {
    for (const [name, reference] of Object.entries(response.headers ?? {})) {
      const place = pointerOf(reference, '');
      const { required, schema } = at(place) as Described;
      const value = headers.get(name);
      if (value === null && required) return `the header ${name} is missing`;
      if (value !== null && schema && !validator(`${place}/schema`)(value))
        return `the header ${name} is ${value}`;
    }
    return undefined;
  };

  const flawIn = ({ method, path, status, headers, text }: Exchange): string | undefined => {
    const place = placeOf(method, path);
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    if (!place) {
      // Nothing is said of what there is not, but that it is refused as all is.
      if (status < 400 || method === 'OPTIONS')
        return status < 400 ? 'is not in the document' : undefined;
      if (type !== 'application/problem+json') return `refused with ${type}`;
      return method === 'HEAD' ? undefined : flawOfBody('/components/schemas/Problem', text);
    }
    const above = `/paths/${escaped(place.path)}/${place.method}/responses/${status}`;
    const response = at(above) as ResponseObject | undefined;
    if (!response) return `the status ${status} is not in the document`;
    const pointer = pointerOf(response, above);
    const said = at(pointer) as ResponseObject;
    const flaw = flawOfHeaders(said, headers);
    if (flaw !== undefined) return flaw;
    if (!said.content || method === 'HEAD') return undefined;
    if (!said.content[type]) return `the content type ${type} is not in the document`;
    return /[/+]json$/.test(type)
      ? flawOfBody(`${pointer}/content/${escaped(type)}/schema`, text)
      : undefined;
  };

  return {
    ...{ document, operations, flawIn },
    operationOf: (method, path) => {
      const place = placeOf(method, path);
      return place && document.paths[place.path]?.[place.method];
    },
    resolve: (object) => (object.$ref === undefined ? object : at(object.$ref.slice(1))) as any,
  };
};

let published: Promise<Contract> | undefined;

/** The operations that were carried out in this test file, by their ids. */
export const carriedOut = new Set<string>();

/** The contract that the program publishes: asked for once in each test file. */
export const contractAt = (url: string): Promise<Contract> => {
  published ??= fetch(`${url}/openapi.json`)
    .then(async (response) => contractOf((await response.json()) as OpenApi))
    .catch((error: unknown) => {
      published = undefined;
      throw error;
    });
  return published;
};

/** An answer is not as the document of the API says. */
class ContractBroken extends Error {
  override readonly name = 'ContractBroken';
}

/**
 * Checks an answer of the program against the document that it publishes, in tests.
 *
 * @throws ContractBroken
 */
export const expectInContract = async (url: string, exchange: Exchange): Promise<void> => {
  // Benches measure, with the same calls, and check nothing.
  if (process.env.JEST_WORKER_ID === undefined) return;
  // A program that is gone by now cannot be asked; what it answers next is checked.
  const contract = await contractAt(url).catch(() => undefined);
  const flaw = contract?.flawIn(exchange);
  const { method, path, status, text } = exchange;
  if (flaw === undefined) {
    const operation = status < 300 ? contract?.operationOf(method, path) : undefined;
    if (operation) carriedOut.add(operation.operationId);
    return;
  }
  throw new ContractBroken(`${method} ${path}: ${status}: ${flaw}\n${text.slice(0, 1_000)}`);
};
