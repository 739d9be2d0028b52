import { z } from 'zod';
import { given } from '../../fields.js';
import type { Consumer } from '../../projecting/parked-documents.js';
import type { Retried } from '../../projecting/retry-parked.js';
import { countParked, listParked } from '../../queries/parked.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { paging } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf } from '../views/common.js';
import { consumerSchema, parkedEventSchema, retriedSchema } from '../views/operations.js';
import { rebuildView } from './rebuild-view.js';

const params = z.strictObject({ name: z.string() });
const ofEvent = z.strictObject({ name: z.string(), id: z.string() });

/** Who may have parked events, by the name that users know. */
type Party = Readonly<{
  consumer: Consumer;
  retry(name: string, eventId: string): Promise<Retried | undefined>;
  discard(name: string, eventId: string): Promise<Retried | undefined>;
}>;

/** What administrators look at, and what they decide. */
export const operationRoutes = (services: Services): readonly Route[] => {
  const { runner, reactions, collections, serving, rebuilding } = services;

  const partyOf = (name: string): Party => {
    const projection = runner.status().find((each) => each.name === name);
    if (projection) {
      const consumer = { kind: 'projection', name: serving.collectionOf(projection) } as const;
      return { consumer, retry: runner.retry, discard: runner.discard };
    }
    if (reactions.status().some((each) => each.name === name))
      return {
        consumer: { kind: 'reaction', name },
        retry: reactions.retry,
        discard: reactions.discard,
      };
    throw new Problem('projection-not-found');
  };

  const parkedBy = (name: string) => countParked(collections, partyOf(name).consumer);

  const settled = async (name: string, retried: Retried | undefined) => {
    if (!retried) throw new Problem('parked-event-not-found');
    const { done: handled, error } = retried;
    return { status: 200, body: { handled, error, parked: await parkedBy(name) } };
  };

  return [
    route({
      method: 'get',
      path: '/v1/projections',
      access: 'admin',
      operationId: 'listProjections',
      summary: 'List projections and reactions, and how far they are',
      answers: { 200: pageOf(consumerSchema) },
      handle: async () => {
        const standings = await rebuilding.standings();
        const projections = runner.status().map(async ({ position, ...status }) => {
          const { model, rebuild = null } = standings.get(status.name) ?? {};
          return {
            kind: 'projection',
            ...status,
            position: String(position),
            parked: await parkedBy(status.name),
            serving: serving.of(status.name),
            previous: model?.previous ?? null,
            rebuild: rebuild && rebuildView(rebuild, status.name),
          };
        });
        const others = reactions.status().map(async (status) => ({
          kind: 'reaction',
          ...status,
          parked: await parkedBy(status.name),
        }));
        const items = await Promise.all([...projections, ...others]);
        return { status: 200, body: { items, next: null } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/projections/:name/parked',
      access: 'admin',
      params,
      query: z.strictObject(paging),
      operationId: 'listParked',
      summary: 'List the events that a projection or reaction has parked',
      answers: { 200: pageOf(parkedEventSchema) },
      handle: async ({ params: { name }, query }) => ({
        status: 200,
        body: await listParked(collections, partyOf(name).consumer, given(query)),
      }),
    }),
    route({
      method: 'post',
      path: '/v1/projections/:name/parked/:id/retry',
      access: 'admin',
      params: ofEvent,
      operationId: 'retryParked',
      summary: 'Handle a parked event again',
      answers: { 200: retriedSchema },
      handle: async ({ params: { name, id } }) =>
        settled(name, await partyOf(name).retry(name, id)),
    }),
    route({
      method: 'post',
      path: '/v1/projections/:name/parked/:id/discard',
      access: 'admin',
      params: ofEvent,
      operationId: 'discardParked',
      summary: 'Drop a parked event',
      answers: { 200: retriedSchema },
      handle: async ({ params: { name, id } }) =>
        settled(name, await partyOf(name).discard(name, id)),
    }),
  ];
};
