import { z } from 'zod';
import { given } from '../../fields.js';
import { findSession, listSessions } from '../../queries/sessions.js';
import { creating, found, written } from '../answers.js';
import type { FamilyGate } from '../family-gate.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, metadata, paging, queryFlag, reason, searched, text } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf, writtenSchema } from '../views/common.js';
import { sessionSchema } from '../views/sessions.js';
import { deleteForGood } from './delete-for-good.js';
import { resumeAsFork } from './resume-as-fork.js';

const params = z.strictObject({ id });
const withReason = z.strictObject({ reason: reason.optional() });
const status = z.enum([
  'created',
  'active',
  'processing',
  'paused',
  'completed',
  'failed',
  'terminated',
]);

/** Sessions: their life. */
export const sessionRoutes = (services: Services, gate: FamilyGate): readonly Route[] => {
  const { sessions, collections } = services;
  return [
    route({
      method: 'post',
      path: '/v1/sessions',
      access: 'caller',
      body: z.strictObject({
        id: id.optional(),
        title: text.default(''),
        mode: z.enum(['interactive', 'background']).default('interactive'),
        metadata: metadata.default({}),
        parentSessionId: id.optional(),
      }),
      operationId: 'createSession',
      summary: 'Create a session',
      answers: { 201: writtenSchema },
      handle: async ({ body: { id: named, ...created } }, { newId, command }) => {
        const { caller } = command;
        const sessionId = named ?? newId;
        const outcome = await creating(
          `session-${sessionId}`,
          'session-already-exists',
          sessions(
            sessionId,
            [{ type: 'CreateSession', userId: caller.userId, ...given(created) }],
            command,
          ),
        );
        // Nothing hides a session of someone else from its creation: the id is taken.
        if ('rejected' in outcome && outcome.rejected === 'session-not-found')
          throw new Problem('session-already-exists');
        return written(outcome, { created: `/v1/sessions/${sessionId}` });
      },
    }),
    route({
      method: 'get',
      path: '/v1/sessions',
      access: 'caller',
      reads: ['sessions'],
      query: z.strictObject({
        status: status.optional(),
        q: searched.max(200).optional(),
        includeArchived: queryFlag,
        includeDeleted: queryFlag,
        ...paging,
        ...after,
      }),
      operationId: 'listSessions',
      summary: 'List sessions, newest activity first',
      answers: { 200: pageOf(sessionSchema) },
      handle: async ({ query }, { caller }) => ({
        status: 200,
        body: await listSessions(collections, caller, given(query)),
      }),
    }),
    route({
      method: 'get',
      path: '/v1/sessions/:id',
      access: 'own',
      reads: ['sessions'],
      params,
      query: z.strictObject(after),
      operationId: 'getSession',
      summary: 'Look at a session',
      answers: { 200: sessionSchema },
      handle: async ({ params }, { caller }) =>
        found(await findSession(collections, caller, params.id), 'session-not-found'),
    }),
    route({
      method: 'patch',
      path: '/v1/sessions/:id',
      access: 'own',
      params,
      body: z
        .strictObject({
          title: text.optional(),
          archived: z.boolean().optional(),
          metadata: metadata.optional(),
        })
        .refine((body) => Object.keys(body).length > 0, 'nothing to change'),
      operationId: 'changeSession',
      summary: 'Rename, archive or annotate a session',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await sessions(params.id, [{ type: 'ChangeSession', ...given(body) }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/sessions/:id/pause',
      access: 'own',
      params,
      body: withReason,
      operationId: 'pauseSession',
      summary: 'Pause a session',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await sessions(params.id, [{ type: 'PauseSession', ...given(body) }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/sessions/:id/resume',
      access: 'own',
      params,
      body: z.strictObject({ fork: z.boolean().default(false), reason: reason.optional() }),
      operationId: 'resumeSession',
      summary: 'Resume a session, or a fork of it',
      answers: { 200: writtenSchema, 201: writtenSchema },
      handle: async ({ params, body }, context) =>
        body.fork
          ? resumeAsFork(services, gate, params.id, body.reason, context)
          : written(await sessions(params.id, [{ type: 'ResumeSession' }], context.command)),
    }),
    route({
      method: 'post',
      path: '/v1/sessions/:id/terminate',
      access: 'own',
      params,
      body: withReason,
      operationId: 'terminateSession',
      summary: 'Terminate a session',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await sessions(params.id, [{ type: 'TerminateSession', ...given(body) }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/sessions/:id/transitions',
      access: 'own',
      params,
      body: z.strictObject({
        status: z.enum(['active', 'processing', 'completed', 'failed']),
        reason: reason.optional(),
      }),
      operationId: 'moveSession',
      summary: 'Move a session to another status',
      answers: { 200: writtenSchema },
      handle: async ({ params, body }, { command }) =>
        written(await sessions(params.id, [{ type: 'MoveSession', ...given(body) }], command)),
    }),
    route({
      method: 'delete',
      path: '/v1/sessions/:id',
      access: 'own',
      params,
      query: z.strictObject({ hard: queryFlag }),
      operationId: 'deleteSession',
      summary: 'Delete a session, to be restored or for good',
      answers: { 200: writtenSchema },
      handle: async ({ params, query }, { command }) =>
        query.hard
          ? deleteForGood(services, gate, params.id, command)
          : written(await sessions(params.id, [{ type: 'DeleteSession' }], command)),
    }),
    route({
      method: 'post',
      path: '/v1/sessions/:id/restore',
      access: 'own',
      params,
      operationId: 'restoreSession',
      summary: 'Restore a deleted session',
      answers: { 200: writtenSchema },
      handle: async ({ params }, { command }) =>
        written(await sessions(params.id, [{ type: 'RestoreSession' }], command)),
    }),
  ];
};
