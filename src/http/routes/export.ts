import { z } from 'zod';
import { session } from '../../domain/session.js';
import { load, type Sources } from '../../eventstore/load.js';
import { exportFormats, exportSession } from '../../queries/export.js';
import { findSession } from '../../queries/sessions.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, revision } from '../schema.js';
import { sendPieces } from '../send-pieces.js';
import type { Services } from '../services.js';
import { exportedSchema } from '../views/exports.js';

const contentTypes = {
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
} as const;

/** Export of a session, as it is or as it was at a revision. */
export const exportRoutes = ({ collections, streams, snapshots }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/sessions/:id/export',
    access: 'own',
    reads: ['sessions', 'messages', 'executions', 'checkpoints', 'prunes', 'streams'],
    params: z.strictObject({ id }),
    query: z.strictObject({
      format: z.enum(exportFormats).default('json'),
      at: revision.optional(),
      ...after,
    }),
    operationId: 'exportSession',
    summary: 'Export a session, as of any revision',
    answers: { 200: exportedSchema },
    handle: async ({ params, query: { format, at } }, { caller }) => {
      const found = await findSession(collections, caller, params.id);
      if (!found) throw new Problem('session-not-found');
      const { messageCount: _, ...head } = found;
      const then = at === undefined ? undefined : await asOf({ streams, snapshots }, params.id, at);
      const pieces = exportSession(collections, caller, format, {
        session: { ...head, ...then?.session },
        ...(then && { at: then.at }),
        exportedAt: new Date().toISOString(),
      });
      const name = `session-${params.id}${at === undefined ? '' : `@${at}`}.${format}`;
      return {
        write: (response) =>
          sendPieces(response, contentTypes[format], pieces, {
            'Content-Disposition': `attachment; filename="${name}"`,
          }),
      };
    },
  }),
];

/** What the session's own fields were at a revision, and where that is. @throws Problem when there is no such revision */
const asOf = async (sources: Sources, id: string, at: number) => {
  const stream = `session-${id}`;
  const { state, revision, position } = await load(sources, session, stream, { through: at });
  if (state.status === 'absent' || revision !== at) throw new Problem('revision-not-found');
  const { title, status, mode, metadata, archived, deleted } = state;
  for await (const { created } of sources.streams.read(stream, { from: at, limit: 1 }))
    return {
      session: { title, status, mode, metadata, archived, deleted, updatedAt: created, revision },
      at: { revision, position, created },
    };
  throw new Problem('revision-not-found');
};
