import { z } from 'zod';
import type { Rebuild } from '../../projecting/rebuild-documents.js';
import { Problem } from '../problem.js';
import { type Answer, type Route, route } from '../route.js';
import type { Services } from '../services.js';
import { rebuildSchema, standingSchema } from '../views/operations.js';
import { rebuildView } from './rebuild-view.js';

const params = z.strictObject({ name: z.string() });
const skip = z.array(z.uuid()).max(1_000).optional();

/** Where it can be seen how far a rebuild is. */
const statusPath = '/v1/projections';

/** Building read models anew, for administrators. */
export const rebuildRoutes = ({ runner, rebuilding }: Services): readonly Route[] => {
  const known = (name: string): string => {
    if (runner.status().some((each) => each.name === name)) return name;
    throw new Problem('projection-not-found', `there is no projection ${name}`);
  };

  const begun = async (names: readonly string[], skipped?: readonly string[]): Promise<Answer> => {
    const distinct = [...new Set(names.map(known))];
    const rebuild = await rebuilding.begin(distinct, skipped);
    return accepted(rebuild, distinct[0] ?? '');
  };

  const accepted = (rebuild: Rebuild, name: string): Answer => ({
    status: 202,
    headers: { Location: statusPath },
    body: rebuildView(rebuild, name),
  });

  const standing = async (name: string): Promise<Answer> => {
    const model = (await rebuilding.standings()).get(name)?.model;
    const body = { name, serving: model?.serving, previous: model?.previous };
    return { status: 200, body };
  };

  return [
    route({
      method: 'post',
      path: '/v1/projections/rebuild',
      access: 'admin',
      body: z.strictObject({ names: z.array(z.string()).min(1).max(100), skip }),
      operationId: 'rebuildProjections',
      summary: 'Build several projections anew',
      answers: { 202: rebuildSchema },
      handle: ({ body }) => begun(body.names, body.skip),
    }),
    route({
      method: 'post',
      path: '/v1/projections/:name/rebuild',
      access: 'admin',
      params,
      body: z.strictObject({ skip }),
      operationId: 'rebuildProjection',
      summary: 'Build a projection anew',
      answers: { 202: rebuildSchema },
      handle: ({ params: { name }, body }) => begun([name], body.skip),
    }),
    route({
      method: 'delete',
      path: '/v1/projections/:name/rebuild',
      access: 'admin',
      params,
      operationId: 'cancelRebuild',
      summary: 'Cancel a rebuild',
      answers: { 200: rebuildSchema },
      handle: async ({ params: { name } }) => {
        const rebuild = await rebuilding.cancel(known(name));
        if (!rebuild) throw new Problem('rebuild-not-found');
        return { status: 200, body: rebuildView(rebuild, name) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/projections/:name/rollback',
      access: 'admin',
      params,
      operationId: 'rollBackProjection',
      summary: 'Go back to what served a projection before',
      answers: { 200: standingSchema },
      handle: async ({ params: { name } }) => {
        await rebuilding.rollBack(known(name));
        return standing(name);
      },
    }),
    route({
      method: 'post',
      path: '/v1/projections/:name/drop',
      access: 'admin',
      params,
      operationId: 'dropPrevious',
      summary: 'Drop what served a projection before',
      answers: { 200: standingSchema },
      handle: async ({ params: { name } }) => {
        await rebuilding.drop(known(name));
        return standing(name);
      },
    }),
  ];
};
