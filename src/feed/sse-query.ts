import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { type Filter, filterSchema, type Start, startSchema } from './filter.js';
import { queryOf } from './refusal.js';

const list = z.string().transform((text) => text.split(','));

/** What the query of a request for server-sent events may say. Lists are separated by commas. */
const sseQuery = z.strictObject({
  categories: list.optional(),
  streams: list.optional(),
  types: list.optional(),
  topics: list.optional(),
  sessionId: z.string().optional(),
  from: z.string().optional(),
  // Read by whoever authenticated the request.
  access_token: z.string().optional(),
});

type Problem = Readonly<{ path: string; message: string }>;

/** What a request for server-sent events asks for, or what is wrong with it. */
export const parseSseQuery = (
  request: IncomingMessage,
): Readonly<{ filter: Filter; from: Start }> | Readonly<{ errors: readonly Problem[] }> => {
  const given = sseQuery.safeParse(Object.fromEntries(queryOf(request)));
  if (given.error) return { errors: problemsOf(given.error) };
  const { from: asked = 'now', access_token: _, ...wanted } = given.data;

  const filter = filterSchema.safeParse(wanted);
  const last = request.headers['last-event-id'];
  const isBack = typeof last === 'string' && last !== '';
  const from = startSchema.safeParse(isBack ? last : asked);
  if (filter.data && from.data !== undefined) return { filter: filter.data, from: from.data };
  return {
    errors: [
      ...problemsOf(filter.error),
      ...problemsOf(from.error, isBack ? 'Last-Event-ID' : 'from'),
    ],
  };
};

const problemsOf = (error: z.ZodError | undefined, of?: string): readonly Problem[] =>
  (error?.issues ?? []).map(({ path, message }) => ({ path: of ?? path.join('.'), message }));
