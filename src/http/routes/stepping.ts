import { z } from 'zod';
import type { Caller } from '../../commands/request.js';
import { fromCursor, toCursor } from '../../queries/page.js';
import { compareStreams, type Tail } from '../../replay/compare-streams.js';
import { stepsOf } from '../../replay/steps.js';
import { malformed, Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, paging, revision } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf } from '../views/common.js';
import { stepSchema, streamComparisonSchema } from '../views/streams.js';
import { headOf, type VisibleStream, visibleStream } from '../visible-stream.js';

const name = z.string().max(300);
const { cursor: _, ...onePage } = paging;

/** Going along a stream event by event, and comparing two of them. */
export const steppingRoutes = ({ streams, snapshots }: Services): readonly Route[] => {
  const sources = { streams, snapshots };

  /** A stream that the caller may see, at the revision that is named, or its head. */
  const placeOf = async (
    { stream, at }: Reference,
    caller: Caller,
  ): Promise<VisibleStream & Readonly<{ revision: number }>> => {
    const visible = await visibleStream(streams, stream, caller);
    const head = await headOf(streams, stream);
    if (at !== undefined && at > head) throw new Problem('revision-not-found');
    return { ...visible, revision: at ?? head };
  };

  return [
    route({
      method: 'get',
      path: '/v1/streams/compare',
      access: 'own',
      query: z.strictObject({ a: name, b: name, ...onePage, ...after }),
      operationId: 'compareStreams',
      summary: 'Compare two streams from where they part',
      answers: { 200: streamComparisonSchema },
      handle: async ({ query }, { caller }) => {
        const a = await placeOf(referenceIn(query.a), caller);
        const b = await placeOf(referenceIn(query.b), caller);
        if (a.category !== b.category)
          throw malformed('b', `must be a stream of the category ${a.category}, as a is`);
        const found = await compareStreams(sources, a.category, a, b, query.limit);
        return { status: 200, body: { ...found, a: tailView(found.a), b: tailView(found.b) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/streams/:stream/steps',
      access: 'own',
      params: z.strictObject({ stream: name }),
      query: z.strictObject({
        from: revision.default(0),
        to: revision.default(Number.MAX_SAFE_INTEGER),
        ...paging,
        ...after,
      }),
      operationId: 'listSteps',
      summary: 'List what each event of a stream changed',
      answers: { 200: pageOf(stepSchema) },
      handle: async ({ params, query: { limit, cursor, ...asked } }, { caller }) => {
        const { from, to } = cursor === undefined ? asked : stretchIn(cursor);
        if (to < from) throw malformed('to', 'may not be before from');
        const { stream, category } = await visibleStream(streams, params.stream, caller);
        const { steps, next } = await stepsOf(sources, category, stream, { from, to, limit });
        return {
          status: 200,
          body: { items: steps, next: next === undefined ? null : toCursor([next, to]) },
        };
      },
    }),
  ];
};

type Reference = Readonly<{ stream: string; at?: number }>;

/** `<stream>@<revision>`, or a stream alone. */
const referenceIn = (text: string): Reference => {
  const [, stream, digits] = /^(.*)@(\d{1,16})$/.exec(text) ?? [];
  return stream === undefined ? { stream: text } : { stream, at: Number(digits) };
};

const stretchIn = (cursor: string) => {
  const [from, to] = fromCursor(cursor, ['number', 'number']);
  return { from: Number(from), to: Number(to) };
};

const tailView = ({ next, stream, ...tail }: Tail) => ({
  stream,
  ...tail,
  more: next === null ? null : `/v1/streams/${encodeURIComponent(stream)}/events?from=${next}`,
});
