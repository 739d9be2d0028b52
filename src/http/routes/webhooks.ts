import { z } from 'zod';
import { isRejection } from '../../domain/decider.js';
import { secondsAfter } from '../../domain/time.js';
import { addressRefusal } from '../../domain/webhook-address.js';
import { isWebhookSecret } from '../../domain/webhook-secret.js';
import { given } from '../../fields.js';
import { findWebhook, listWebhooks, viewOfWebhook } from '../../queries/webhooks.js';
import { creating, found, written } from '../answers.js';
import { malformed, Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, paging, reason } from '../schema.js';
import type { Services } from '../services.js';
import { moment, pageOf, writtenSchema, writtenWith } from '../views/common.js';
import { webhookSchema } from '../views/webhooks.js';
import { bringingSecret } from './webhook-secret.js';

const params = z.strictObject({ id });
const url = z.string().max(2_000).refine(URL.canParse, 'must be a URL');
const topic = z.string().regex(/^(?=.)[\w.-]{0,200}\*?$/, 'must be a topic, or end in *');
const secret = z.string().refine(isWebhookSecret, 'must be whsec_ and base64 of 24 to 64 bytes');

/** How long the secret that was replaced signs along. */
const rotationSeconds = 24 * 60 * 60;

/** Webhooks: addresses that are told of events. */
export const webhookRoutes = ({
  webhooks,
  webhookCalls: calls,
  collections,
  clock,
}: Services): readonly Route[] => [
  route({
    method: 'post',
    path: '/v1/webhooks',
    access: 'caller',
    body: z.strictObject({
      id: id.optional(),
      url,
      topics: z.array(topic).min(1).max(100),
      secret: secret.optional(),
    }),
    operationId: 'registerWebhook',
    summary: 'Register a webhook',
    answers: { 201: writtenWith({ secret: z.string() }) },
    handle: async ({ body }, { newId, command }) => {
      const target = new URL(body.url);
      const refusal = addressRefusal(target, calls.allowPrivate);
      if (refusal !== undefined) throw malformed('url', refusal);
      const webhookId = body.id ?? newId;
      await calls.expect();
      const { commandId, caller } = command;
      const register = (secretRef: string) => {
        const { userId, admin: everyone } = caller;
        const registered = { userId, everyone, url: target.href, topics: body.topics, secretRef };
        return creating(
          `webhook-${webhookId}`,
          'webhook-already-exists',
          webhooks(webhookId, [{ type: 'RegisterWebhook', ...registered }], command),
        );
      };
      const brought = { webhookId, commandId, secret: body.secret };
      const { outcome, secret } = await bringingSecret(calls.secrets, brought, register);
      if (isRejection(outcome)) throw new Problem('webhook-already-exists');
      return written(outcome, { created: `/v1/webhooks/${webhookId}`, more: { secret } });
    },
  }),
  route({
    method: 'get',
    path: '/v1/webhooks',
    access: 'caller',
    reads: ['webhooks'],
    query: z.strictObject({ ...paging, ...after }),
    operationId: 'listWebhooks',
    summary: 'List webhooks, newest first',
    answers: { 200: pageOf(webhookSchema) },
    handle: async ({ query }, { caller }) => ({
      status: 200,
      body: await listWebhooks(collections, caller, given(query)),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/webhooks/:id',
    access: 'own',
    reads: ['webhooks'],
    params,
    query: z.strictObject(after),
    operationId: 'getWebhook',
    summary: 'Look at a webhook',
    answers: { 200: webhookSchema },
    handle: async ({ params }, { caller }) => {
      const webhook = await findWebhook(collections, caller, params.id);
      return found(webhook && viewOfWebhook(webhook), 'webhook-not-found');
    },
  }),
  route({
    method: 'delete',
    path: '/v1/webhooks/:id',
    access: 'own',
    params,
    operationId: 'removeWebhook',
    summary: 'Remove a webhook',
    answers: { 200: writtenSchema },
    handle: async ({ params }, { command }) => {
      const answer = written(await webhooks(params.id, [{ type: 'RemoveWebhook' }], command));
      // Without a secret nothing more is sent, whatever the read models know by now.
      await calls.secrets.forgetWebhook(params.id);
      await calls.deliveries.forgetWebhook(params.id);
      return answer;
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/:id/rotate-secret',
    access: 'own',
    params,
    body: z.strictObject({ secret: secret.optional() }),
    operationId: 'rotateSecret',
    summary: 'Replace the secret of a webhook',
    answers: { 200: writtenWith({ secret: z.string(), previousUntil: moment }) },
    handle: async ({ params, body }, { command }) => {
      const at = new Date(clock.now()).toISOString();
      const previousUntil = secondsAfter(at, rotationSeconds);
      const rotate = (secretRef: string) =>
        webhooks(
          params.id,
          [{ type: 'RotateWebhookSecret', secretRef, previousUntil, at }],
          command,
        );
      const brought = { webhookId: params.id, commandId: command.commandId, secret: body.secret };
      const { outcome, secret } = await bringingSecret(calls.secrets, brought, rotate);
      return written(outcome, { more: { secret, previousUntil } });
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/:id/enable',
    access: 'own',
    params,
    operationId: 'enableWebhook',
    summary: 'Enable a webhook',
    answers: { 200: writtenSchema },
    handle: async ({ params }, { command }) =>
      written(await webhooks(params.id, [{ type: 'EnableWebhook' }], command)),
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/:id/disable',
    access: 'own',
    params,
    body: z.strictObject({ reason: reason.default('') }),
    operationId: 'disableWebhook',
    summary: 'Disable a webhook',
    answers: { 200: writtenSchema },
    handle: async ({ params, body }, { command }) =>
      written(await webhooks(params.id, [{ type: 'DisableWebhook', ...body }], command)),
  }),
];
