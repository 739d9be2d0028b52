import { z } from 'zod';
import { given } from '../../fields.js';
import { listMessages } from '../../queries/messages.js';
import { searchMessages } from '../../queries/search.js';
import { findSessionRecord } from '../../queries/sessions.js';
import { written } from '../answers.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, paging, queryFlag, revision, searched } from '../schema.js';
import type { Services } from '../services.js';
import { pageOf, writtenSchema } from '../views/common.js';
import { messageHitSchema, messageSchema } from '../views/sessions.js';
import { content, messageFields, messageParams } from './message-schema.js';

const params = z.strictObject({ id });

/** Messages of sessions. */
export const messageRoutes = ({ sessions, collections }: Services): readonly Route[] => [
  route({
    method: 'get',
    path: '/v1/messages/search',
    access: 'caller',
    reads: ['messages', 'sessions', 'streams'],
    query: z.strictObject({
      q: searched.trim().min(1).max(500),
      sessionId: id.optional(),
      ...paging,
      ...after,
    }),
    operationId: 'searchMessages',
    summary: 'Search messages, best match first',
    answers: { 200: pageOf(messageHitSchema) },
    handle: async ({ query }, { caller }) => ({
      status: 200,
      body: await searchMessages(collections, caller, given(query)),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/sessions/:id/messages',
    access: 'own',
    params,
    body: z.strictObject({ id: id.optional(), ...messageFields }),
    operationId: 'postMessage',
    summary: 'Post a message',
    answers: { 201: writtenSchema },
    handle: async ({ params, body: { id: named, ...message } }, { command, newId, isNewId }) => {
      const messageId = named ?? newId;
      const isNew = named === undefined && isNewId;
      const outcome = await sessions(
        params.id,
        [{ type: 'PostMessage', messageId, ...(isNew && { isNew }), ...given(message) }],
        command,
      );
      return written(outcome, {
        created: `/v1/sessions/${params.id}/messages/${messageId}`,
        more: { id: messageId },
      });
    },
  }),
  route({
    method: 'get',
    path: '/v1/sessions/:id/messages',
    access: 'own',
    reads: ['sessions', 'messages', 'streams'],
    params,
    query: z.strictObject({
      at: revision.optional(),
      includeDeleted: queryFlag,
      ...paging,
      ...after,
    }),
    operationId: 'listMessages',
    summary: 'List the messages of a session, oldest first, as of any revision',
    answers: { 200: pageOf(messageSchema) },
    handle: async ({ params, query }, { caller }) => {
      const session = await findSessionRecord(collections, caller, params.id);
      if (!session) throw new Problem('session-not-found');
      if (query.at !== undefined && query.at > session.revision)
        throw new Problem('revision-not-found');
      const body = await listMessages(collections, session.stream, {
        ...given(query),
        isOriginal: session.ancestors === undefined,
      });
      return { status: 200, body };
    },
  }),
  route({
    method: 'patch',
    path: '/v1/sessions/:id/messages/:messageId',
    access: 'own',
    params: messageParams,
    body: z.strictObject({ content }),
    operationId: 'editMessage',
    summary: 'Edit a message of a user',
    answers: { 200: writtenSchema },
    handle: async ({ params: { id: sessionId, messageId }, body }, { command }) =>
      written(
        await sessions(
          sessionId,
          [{ type: 'EditMessage', messageId, content: body.content }],
          command,
        ),
        { more: { id: messageId } },
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/sessions/:id/messages/:messageId',
    access: 'own',
    params: messageParams,
    operationId: 'deleteMessage',
    summary: 'Delete a message',
    answers: { 200: writtenSchema },
    handle: async ({ params: { id: sessionId, messageId } }, { command }) =>
      written(await sessions(sessionId, [{ type: 'DeleteMessage', messageId }], command), {
        more: { id: messageId },
      }),
  }),
];
