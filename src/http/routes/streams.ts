import { z } from 'zod';
import { type ForkCommand, forkStream } from '../../commands/fork.js';
import type { Caller } from '../../commands/request.js';
import type { Category } from '../../domain/deciders.js';
import { lineageOf } from '../../queries/lineage.js';
import { BadCursor, fromCursor, toCursor } from '../../queries/page.js';
import { streamEventView } from '../../replay/event-view.js';
import { type Head, headAt, stateAt } from '../../replay/state-at.js';
import { stateView } from '../../replay/state-view.js';
import { creating, found, written } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { malformed, Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, paging, queryFlag, reason, revision } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf } from '../views/common.js';
import {
  forkedSchema,
  lineageSchema,
  streamEventSchema,
  streamStateSchema,
} from '../views/streams.js';
import { headOf, visibleStream } from '../visible-stream.js';
import { amendment, amendmentsOf } from './amendments.js';
import { detachRoute } from './detach.js';
import { forkTree, type TreeFork } from './fork-tree.js';

const params = z.strictObject({ stream: z.string().max(300) });
const direction = z.enum(['forwards', 'backwards']);
const isoTime = z.iso.datetime({ offset: true });
const plural: Readonly<Record<Category, string>> = {
  session: '/v1/sessions',
  execution: '/v1/executions',
  interrupt: '/v1/interrupts',
  task: '/v1/tasks',
  worker: '/v1/workers',
  webhook: '/v1/webhooks',
};

/** Where the entries of a state are listed, below the thing itself. */
const entryLists: Readonly<Partial<Record<Category, string>>> = {
  session: 'messages?includeDeleted=true&',
  execution: 'checkpoints?',
};

/** Time travel, on any stream. */
export const streamRoutes = (services: Services, gate: FamilyGate): readonly Route[] => {
  const { streams, snapshots, collections, clock } = services;
  const visible = (stream: string, caller: Caller) => visibleStream(streams, stream, caller);

  return [
    route({
      method: 'get',
      path: '/v1/streams/:stream/events',
      access: 'own',
      params,
      query: z.strictObject({
        from: revision.optional(),
        direction: direction.default('forwards'),
        ...paging,
        ...after,
      }),
      operationId: 'listEvents',
      summary: 'List the events of a stream',
      answers: { 200: pageOf(streamEventSchema) },
      handle: async ({ params, query }, { caller }) => {
        const { stream } = await visible(params.stream, caller);
        const { limit, cursor } = query;
        const place = cursor === undefined ? query : placeOf(cursor);
        const forwards = place.direction === 'forwards';
        const events = [];
        const read = streams.read(stream, {
          direction: place.direction,
          limit: limit + 1,
          ...(place.from !== undefined && { [forwards ? 'from' : 'through']: place.from }),
        });
        for await (const event of read) events.push(event);
        const beyond = events[limit];
        return {
          status: 200,
          body: {
            items: events.slice(0, limit).map((event) => streamEventView(event, stream)),
            next: beyond ? toCursor([place.direction, beyond.revision]) : null,
          },
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/streams/:stream/state',
      access: 'own',
      params,
      query: z.strictObject({
        at: z.union([revision, isoTime]).describe('A revision, or a time.').optional(),
        whole: queryFlag,
        ...after,
      }),
      operationId: 'getState',
      summary: 'Look at the state of a stream as of a revision or a time',
      answers: { 200: streamStateSchema },
      handle: async ({ params, query: { at, whole } }, { caller }) => {
        const { stream, category, id } = await visible(params.stream, caller);
        const { state, revision, position, entries }: Head = whole
          ? await stateAt(streams, category, stream, at)
          : await headAt({ streams, snapshots }, category, stream, at);
        if (revision === 'none' || (typeof at === 'number' && revision !== at))
          throw new Problem('revision-not-found');
        const { field, count } = entries ?? { field: '', count: 0 };
        const list = `${plural[category]}/${id}/${entryLists[category]}at=${revision}`;
        return found(
          {
            stream,
            revision,
            position: String(position),
            state: stateView(state),
            ...(entries && { entries: { [field]: { count, list } } }),
          },
          'revision-not-found',
        );
      },
    }),
    route({
      method: 'get',
      path: '/v1/streams/:stream/lineage',
      access: 'own',
      reads: ['streams'],
      params,
      query: z.strictObject(after),
      operationId: 'getLineage',
      summary: 'Look at the ancestors and forks of a stream',
      answers: { 200: lineageSchema },
      handle: async ({ params }, { caller }) => {
        const { stream } = await visible(params.stream, caller);
        return found(await lineageOf(collections, caller, stream), 'stream-not-found');
      },
    }),
    route({
      method: 'post',
      path: '/v1/streams/:stream/forks',
      access: 'own',
      params,
      body: z.strictObject({
        at: z.number().int().nonnegative(),
        id: id.optional(),
        scope: z.enum(['stream', 'tree']).default('stream'),
        resume: z.boolean().optional(),
        amendments: z.array(amendment).max(100).default([]),
        reason: reason.optional(),
      }),
      operationId: 'forkStream',
      summary: 'Fork a stream at a revision',
      answers: { 201: forkedSchema },
      handle: async ({ params, body }, { caller, command, newId }) => {
        const { category, id: of, decider, stream, session } = await visible(params.stream, caller);
        // Its secret is its own, and a copy of it would send every event twice.
        if (category === 'webhook') throw new Problem('webhook-not-forkable');
        const { scope, resume = false } = body;
        if (scope === 'tree' && category !== 'session')
          throw malformed('scope', 'only sessions take others along');
        if (scope === 'stream' && body.resume !== undefined)
          throw malformed('resume', 'is for what a session takes along: scope has to be tree');
        const { ifRevision } = command;
        if (ifRevision !== undefined) await headOf(streams, stream, ifRevision);
        const forkId = body.id ?? newId;
        const forkedAt = new Date(clock.now()).toISOString();
        const fork: ForkCommand<object> = {
          of,
          at: body.at,
          id: forkId,
          forkedAt,
          amendments: amendmentsOf(category, body.amendments, command, forkedAt),
          ...(body.reason !== undefined && { reason: body.reason }),
        };
        const fully = <Result extends object>(work: () => Promise<Result>) =>
          creating(`${category}-${forkId}`, 'fork-already-exists', gate.add(session, work));
        const created = `${plural[category]}/${forkId}`;
        if (scope === 'stream') {
          const one = () => forkStream(streams, decider, fork, command, snapshots);
          return written(await fully(one), { created });
        }
        // Of a session, the amendments are a session's commands. The fork is a family of its own.
        const tree = () => forkTree(services, fork as TreeFork, resume, command);
        const outcome = await fully(() => gate.add(forkId, tree));
        const { children, shared, sharedCount } = outcome;
        return written(outcome, { created, more: { children, shared, sharedCount } });
      },
    }),
    detachRoute(services, gate),
  ];
};

const placeOf = (cursor: string) => {
  const [way, from] = fromCursor(cursor, ['string', 'number']);
  const { data } = direction.safeParse(way);
  if (!data) throw new BadCursor('the cursor is not one of this list');
  return { direction: data, from: Number(from) };
};
