import { UndecodableEvent } from '../../eventstore/codec.js';
import type { EventStore, StoredEvent } from '../../eventstore/event-store.js';
import { StreamTombstoned } from '../../eventstore/event-store.js';
import { askedTogether } from '../../projecting/asked-together.js';
import type { Clock } from '../../projecting/clock.js';
import type { Collections, WebhookRecord } from '../../queries/collections.js';
import type { Settled, WebhookDeliveries } from '../../queries/webhook-deliveries.js';
import type { Attempt, DeliveryDocument } from '../../queries/webhook-delivery.js';
import type { WebhookSecrets } from '../../queries/webhook-secrets.js';
import { webhooksById } from '../../queries/webhooks.js';
import { eventView } from '../../replay/event-view.js';
import type { Circuits } from './circuits.js';
import { retryAfterMs } from './retry-after.js';
import { type Schedule, waitBefore } from './schedule.js';
import type { Response, Send } from './send.js';
import { signedHeaders } from './sign.js';

export type DeliverOptions = Readonly<{
  store: EventStore;
  collections: Collections;
  deliveries: WebhookDeliveries;
  secrets: WebhookSecrets;
  circuits: Circuits;
  send: Send;
  schedule: Schedule;
  clock: Clock;
  /** Disables a webhook whose endpoint says that it is gone. */
  disable(webhookId: string, reason: string, causationId: string): Promise<void>;
}>;

/**
 * Makes one attempt at a delivery that was claimed under a lock, and notes what came of it.
 *
 * The function made throws when a store is away or the signal aborts: then nothing was noted, and
 * the delivery is still to be made.
 */
export const deliverer = (options: DeliverOptions) => {
  const { store, collections, deliveries, secrets, circuits, send, schedule, clock } = options;

  const webhooksOf = askedTogether((ids: readonly string[]) => webhooksById(collections, ids));

  const post = async (
    { _id: id, event: { topic } }: DeliveryDocument,
    webhook: WebhookRecord,
    event: StoredEvent,
    signal: AbortSignal,
  ): Promise<Response> => {
    const now = clock.now();
    const keys = await secrets.find(secretRefsAt(webhook, now));
    if (keys.length === 0) return { error: 'the secret of the webhook is not there' };
    const body = JSON.stringify({ type: topic, timestamp: event.created, data: eventView(event) });
    const { traceparent } = event.metadata;
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Forkline-Webhooks/1.0',
      ...(traceparent !== undefined && { traceparent }),
      ...signedHeaders({ id, timestamp: Math.floor(now / 1000), body }, keys),
    };
    return send({ url: webhook.url, headers, body }, signal);
  };

  /** What follows for the webhook's other deliveries. */
  const spare = async (webhookId: string, response: Response, waitMs: number): Promise<void> => {
    const isThrottled = 'status' in response && [429, 503].includes(response.status);
    const openMs = (circuits.of(webhookId).openUntil() ?? 0) - Date.now();
    const restMs = Math.max(isThrottled ? waitMs : 0, openMs);
    if (restMs > 0) await deliveries.postpone(webhookId, clock.now() + restMs);
  };

  return async (delivery: DeliveryDocument, lock: string, signal: AbortSignal): Promise<void> => {
    const { _id: id, webhookId, event: reference, tries, attempts } = delivery;
    const parked = (reason: string, noted = attempts): Settled => {
      return { status: 'parked', attempts: noted, tries, dueAt: null, reason };
    };
    const webhook = (await webhooksOf([webhookId])).get(webhookId);
    if (!webhook) return deliveries.settle(id, lock, parked('the webhook is not there'));
    if (webhook.status === 'disabled')
      return deliveries.settle(id, lock, parked(`disabled: ${webhook.reason ?? ''}`));

    const event = await eventAt(store, reference.stream, reference.storeRevision);
    if (event === 'deleted') return deliveries.forget(id);
    if (event === undefined || event.id !== reference.id)
      return deliveries.settle(id, lock, parked('the event cannot be read'));

    const begunAt = clock.now();
    const begun = performance.now();
    const response = await circuits
      .of(webhookId)
      .through(() => post(delivery, webhook, event, signal));
    const durationMs = Math.round(performance.now() - begun);
    const noted = [...attempts, attemptOf(response, begunAt, durationMs)].slice(-attemptsKept);

    if (isSuccess(response)) {
      const settled = { status: 'succeeded', attempts: noted, tries: tries + 1 } as const;
      return deliveries.settle(id, lock, { ...settled, dueAt: null, reason: null });
    }
    if ('status' in response && response.status === 410) {
      await options.disable(webhookId, 'the endpoint answered 410 Gone', reference.id);
      return deliveries.settle(id, lock, parked('disabled: the endpoint answered 410 Gone', noted));
    }
    const asked = 'status' in response ? retryAfterMs(response.retryAfter, clock.now()) : 0;
    const wait = waitBefore(schedule, tries + 1, asked);
    await deliveries.settle(id, lock, {
      ...(wait === undefined
        ? parked('every attempt failed', noted)
        : { status: 'pending', attempts: noted, dueAt: clock.now() + wait, reason: null }),
      tries: tries + 1,
    });
    await spare(webhookId, response, asked);
  };
};

export type Deliver = ReturnType<typeof deliverer>;

/** How many attempts the log of a delivery shows, the latest ones. */
const attemptsKept = 50;

/** The secrets to sign with: the newest, and those it replaced that are still to be trusted. */
const secretRefsAt = (
  { secretRef, previousSecrets }: WebhookRecord,
  now: number,
): readonly string[] => {
  const valid = previousSecrets.filter(({ until }) => Date.parse(until) > now);
  return [secretRef, ...valid.map((previous) => previous.secretRef).reverse()];
};

const eventAt = async (
  store: EventStore,
  stream: string,
  from: number,
): Promise<StoredEvent | 'deleted' | undefined> => {
  try {
    for await (const event of store.read(stream, { from, limit: 1 })) return event;
    return undefined;
  } catch (error) {
    if (error instanceof StreamTombstoned) return 'deleted';
    if (error instanceof UndecodableEvent) return undefined;
    throw error;
  }
};

const isSuccess = (response: Response): boolean =>
  'status' in response && response.status >= 200 && response.status < 300;

const attemptOf = (response: Response, begunAt: number, durationMs: number): Attempt => {
  const at = new Date(begunAt).toISOString();
  if ('error' in response) return { at, durationMs, error: response.error };
  const { status, excerpt } = response;
  return {
    at,
    durationMs,
    status,
    ...(!isSuccess(response) && { error: `answered ${status}` }),
    ...(excerpt !== '' && { response: excerpt }),
  };
};
