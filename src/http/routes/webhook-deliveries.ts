import { z } from 'zod';
import type { Caller } from '../../commands/request.js';
import { given } from '../../fields.js';
import { findWebhook } from '../../queries/webhooks.js';
import { found } from '../answers.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { after, id, paging } from '../schema.js';
import type { Services } from '../services.js';
import { count, pageOf } from '../views/common.js';
import { deliverySchema } from '../views/webhooks.js';

const params = z.strictObject({ id });
const delivery = z.strictObject({ id, deliveryId: z.string().max(100) });

/** What was sent to webhooks, and sending it again. */
export const webhookDeliveryRoutes = ({
  webhookCalls: calls,
  collections,
  clock,
}: Services): readonly Route[] => {
  /** @throws Problem when there is none that the caller may see */
  const visible = async (webhookId: string, caller: Caller) => {
    const webhook = await findWebhook(collections, caller, webhookId);
    if (!webhook) throw new Problem('webhook-not-found');
    return webhook;
  };
  /** @throws Problem also when nothing is sent to it */
  const enabled = async (webhookId: string, caller: Caller) => {
    const webhook = await visible(webhookId, caller);
    if (webhook.status === 'disabled') throw new Problem('webhook-disabled');
    return webhook;
  };

  return [
    route({
      method: 'get',
      path: '/v1/webhooks/:id/deliveries',
      access: 'own',
      reads: ['webhooks'],
      params,
      query: z.strictObject({
        status: z.enum(['pending', 'succeeded', 'parked']).optional(),
        ...paging,
        ...after,
      }),
      operationId: 'listDeliveries',
      summary: 'List the deliveries of a webhook, newest first',
      answers: { 200: pageOf(deliverySchema) },
      handle: async ({ params, query }, { caller }) => {
        await visible(params.id, caller);
        return { status: 200, body: await calls.deliveries.list(params.id, given(query)) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/webhooks/:id/deliveries/:deliveryId',
      access: 'own',
      reads: ['webhooks'],
      params: delivery,
      query: z.strictObject(after),
      operationId: 'getDelivery',
      summary: 'Look at a delivery',
      answers: { 200: deliverySchema },
      handle: async ({ params }, { caller }) => {
        await visible(params.id, caller);
        return found(
          await calls.deliveries.find(params.id, params.deliveryId),
          'delivery-not-found',
        );
      },
    }),
    route({
      method: 'post',
      path: '/v1/webhooks/:id/deliveries/:deliveryId/retry',
      access: 'own',
      reads: ['webhooks'],
      params: delivery,
      query: z.strictObject(after),
      operationId: 'retryDelivery',
      summary: 'Send a delivery again now',
      answers: { 200: deliverySchema },
      handle: async ({ params: { id: webhookId, deliveryId } }, { caller }) => {
        await enabled(webhookId, caller);
        const now = clock.now();
        await calls.deliveries.begin(webhookId, [deliveryId], now);
        await calls.deliveries.hasten(webhookId, deliveryId, now);
        calls.wake();
        return found(await calls.deliveries.find(webhookId, deliveryId), 'delivery-not-found');
      },
    }),
    route({
      method: 'post',
      path: '/v1/webhooks/:id/resend',
      access: 'own',
      reads: ['webhooks'],
      params,
      query: z.strictObject({ since: z.iso.datetime({ offset: true }), ...after }),
      operationId: 'resendEvents',
      summary: 'Send the events since a time again',
      answers: { 200: z.strictObject({ deliveries: count }) },
      handle: async ({ params, query }, { caller }) => {
        const webhook = await enabled(params.id, caller);
        const count = await calls.resend(webhook, Date.parse(query.since));
        calls.wake();
        return { status: 200, body: { deliveries: count } };
      },
    }),
  ];
};
