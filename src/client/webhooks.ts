import { everyItem } from './pages.js';
import { path, type ReadOptions, type Transport, type WriteOptions } from './transport.js';
import type { Page, PageQuery, Written } from './types.js';
import type {
  Delivery,
  DeliveryQuery,
  NewWebhook,
  Webhook,
  WebhookRegistered,
  WebhookSecretRotated,
} from './webhook-types.js';

/** Addresses that are told of events. */
export const webhooksOver = (http: Transport) => {
  const list = (query?: PageQuery, options?: ReadOptions) =>
    http.read<Page<Webhook>>('/v1/webhooks', query, options);
  const deliveries = (id: string, query?: DeliveryQuery, options?: ReadOptions) =>
    http.read<Page<Delivery>>(path`/v1/webhooks/${id}/deliveries`, query, options);

  return {
    /** The secret in the answer is shown this once. */
    register: (webhook: NewWebhook, options?: WriteOptions) =>
      http.write<WebhookRegistered>('POST', '/v1/webhooks', webhook, options),
    get: (id: string, options?: ReadOptions) =>
      http.read<Webhook>(path`/v1/webhooks/${id}`, {}, options),
    /** One page, newest first. */
    list,
    /** Every webhook, newest first. */
    each: (query: PageQuery = {}, options?: ReadOptions) =>
      everyItem((page: PageQuery) => list(page, options), query),
    remove: (id: string, options?: WriteOptions) =>
      http.write<Written>('DELETE', path`/v1/webhooks/${id}`, undefined, options),
    /** Takes another secret, the server's unless given; the one before signs along for a day. */
    rotateSecret: (
      id: string,
      secret: Readonly<{ secret?: string }> = {},
      options?: WriteOptions,
    ) =>
      http.write<WebhookSecretRotated>(
        'POST',
        path`/v1/webhooks/${id}/rotate-secret`,
        secret,
        options,
      ),
    enable: (id: string, options?: WriteOptions) =>
      http.write<Written>('POST', path`/v1/webhooks/${id}/enable`, {}, options),
    disable: (id: string, reason: Readonly<{ reason?: string }> = {}, options?: WriteOptions) =>
      http.write<Written>('POST', path`/v1/webhooks/${id}/disable`, reason, options),
    /** One page of what was sent, newest first. */
    deliveries,
    /** Everything that was sent, newest first. */
    eachDelivery: (id: string, query: DeliveryQuery = {}, options?: ReadOptions) =>
      everyItem((page: DeliveryQuery) => deliveries(id, page, options), query),
    /** One delivery, with all its attempts. */
    delivery: (id: string, deliveryId: string, options?: ReadOptions) =>
      http.read<Delivery>(path`/v1/webhooks/${id}/deliveries/${deliveryId}`, {}, options),
    /** Has a delivery made again, whatever came of it. */
    retry: (id: string, deliveryId: string, options?: WriteOptions) =>
      http.write<Delivery>(
        'POST',
        path`/v1/webhooks/${id}/deliveries/${deliveryId}/retry`,
        {},
        options,
        { query: { after: http.after(undefined) } },
      ),
    /** Has everything since a time (ISO 8601) delivered again; answers how many events that is. */
    resend: (id: string, since: string, options?: WriteOptions) =>
      http.write<Readonly<{ deliveries: number }>>(
        'POST',
        path`/v1/webhooks/${id}/resend`,
        {},
        options,
        { query: { since, after: http.after(undefined) } },
      ),
  };
};
