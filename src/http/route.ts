import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Access } from './access.js';
import type { RequestContext } from './context.js';
import { malformedParts } from './malformed-parts.js';

/** What a handler answers. A string body is sent as it is. */
export type Answer = Readonly<{
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Whether it may be another one next time, and so is not kept under an idempotency key; false by default. */
  passing?: boolean;
}>;

/** A handler that writes its answer itself, piece by piece. */
export type Streamed = Readonly<{ write: (response: Response) => Promise<void> }>;

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** A read model, by the name of its projection. */
export type ModelName =
  | 'sessions'
  | 'messages'
  | 'executions'
  | 'checkpoints'
  | 'prunes'
  | 'streams'
  | 'workers'
  | 'interrupts'
  | 'tasks'
  | 'queues'
  | 'webhooks'
  | 'audit';

/** The schema of an answer in JSON, or one for each type of content that it may come in. */
export type Shown = z.ZodType | Readonly<Record<string, z.ZodType>>;

/** What an endpoint answers when it does what it was asked, by status. Its refusals follow from the table of problems. */
export type Answers = Readonly<Record<number, Shown>>;

/** What an endpoint is to its callers: what the document of the API is made from. */
export type Published = Readonly<{
  /** Names the endpoint among all, for those who make clients from the document. */
  operationId: string;
  /** What it does, in a few words. */
  summary: string;
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  answers: Answers;
}>;

/** One endpoint: what it takes, which read models it reads, and what it does. */
export type Route = Readonly<{
  method: Method;
  path: string;
  access: Access;
  /** Whose positions `after` waits for. */
  reads: readonly ModelName[];
  /** Whether its body is a file, read by the handler, instead of JSON. */
  takesFile: boolean;
  published: Published;
  handle(request: Request, context: RequestContext): Promise<Answer | Streamed>;
}>;

type Definition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
> = Readonly<{
  method: Method;
  path: string;
  /** Who may call it: said by every endpoint, so that none is open by having been forgotten. */
  access: Access;
  params?: Params;
  query?: Query;
  body?: Body;
  reads?: readonly ModelName[];
  takesFile?: boolean;
  operationId: string;
  summary: string;
  answers: Answers;
  handle(
    input: Readonly<{
      params: z.infer<Params>;
      query: z.infer<Query>;
      body: z.infer<Body>;
      request: Request;
    }>,
    context: RequestContext,
  ): Promise<Answer | Streamed>;
}>;

const nothing = z.strictObject({});

/** Declares an endpoint. Its handler is called with what the schemas have checked; anything else is answered 400. */
export const route = <
  Params extends z.ZodType = typeof nothing,
  Query extends z.ZodType = typeof nothing,
  Body extends z.ZodType = typeof nothing,
>(
  definition: Definition<Params, Query, Body>,
): Route => {
  const { method, path, access, reads = [], takesFile = false, handle } = definition;
  const { operationId, summary, answers } = definition;
  const params = definition.params ?? nothing;
  const query = definition.query ?? nothing;
  const body = definition.body ?? nothing;
  return {
    method,
    path,
    access,
    reads,
    takesFile,
    published: { operationId, summary, params, query, body, answers },
    handle: async (request, context) =>
      await handle(
        {
          // Each schema is the one that the definition names, or the empty one that its type defaults to.
          params: parse(params, request.params, 'path') as z.infer<Params>,
          query: parse(query, request.query, 'query') as z.infer<Query>,
          body: parse(
            body,
            takesFile ? {} : request.body === undefined ? {} : request.body,
            'body',
          ) as z.infer<Body>,
          request,
        },
        context,
      ),
  };
};

const parse = (schema: z.ZodType, value: unknown, where: string): unknown => {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw malformedParts(error, where);
};
