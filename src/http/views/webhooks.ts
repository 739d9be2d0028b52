import { z } from 'zod';
import type { DeliveryView } from '../../queries/webhook-delivery.js';
import type { WebhookView } from '../../queries/webhooks.js';
import { schemaOf } from './agreement.js';
import { moment, position, revision, streamName, uuid } from './common.js';

export const webhookSchema = schemaOf<WebhookView>()(
  z
    .strictObject({
      id: uuid,
      userId: z.string(),
      url: z.string(),
      topics: z.array(z.string()),
      status: z.enum(['active', 'disabled']),
      reason: z.string().exactOptional(),
      createdAt: moment,
      updatedAt: moment,
      revision,
    })
    .meta({ id: 'Webhook' }),
);

export const deliverySchema = schemaOf<DeliveryView>()(
  z
    .strictObject({
      id: z.string().describe('The `webhook-id` header, the same over all attempts.'),
      webhookId: uuid,
      status: z.enum(['pending', 'succeeded', 'parked']),
      topic: z.string(),
      event: z.strictObject({
        id: z.uuid(),
        type: z.string(),
        stream: streamName,
        revision,
        position,
      }),
      attempts: z.array(
        z.strictObject({
          at: moment,
          durationMs: z.number(),
          status: z.int().exactOptional(),
          error: z.string().exactOptional(),
          response: z.string().exactOptional(),
        }),
      ),
      nextAttemptAt: moment.nullable(),
      reason: z.string().exactOptional(),
      createdAt: moment,
    })
    .meta({ id: 'Delivery' }),
);
