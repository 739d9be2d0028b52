import type { WebhookEvent } from '../../domain/webhook.js';
import type { StoredEvent } from '../../eventstore/event-store.js';
import { factOf } from '../../eventstore/fold.js';
import type { Clock } from '../../projecting/clock.js';
import type { WebhookDeliveries } from '../../queries/webhook-deliveries.js';
import type { WebhookSecrets } from '../../queries/webhook-secrets.js';
import type { Reaction } from '../reaction.js';
import { deliveryOf } from './addressees.js';
import type { Directory } from './directory.js';

export type WebhookReactionOptions = Readonly<{
  directory: Directory;
  deliveries: WebhookDeliveries;
  secrets: WebhookSecrets;
  clock: Clock;
  /** How long after its event a delivery is due, in milliseconds. */
  firstWaitMs: number;
  /** Called when there is something to deliver. */
  wake(): void;
}>;

/** Each event waits for the read model of webhooks, which comes to many at once. */
const concurrency = 128;

/** Notes down for each event which webhooks are to be told of it. Telling them is a step of its own. */
export const webhookReaction = (options: WebhookReactionOptions): Reaction => {
  const { directory, deliveries, secrets, clock, firstWaitMs, wake } = options;

  const tell = async (event: StoredEvent): Promise<void> => {
    const webhooks = await directory.asOf(event.position);
    const wanted = webhooks
      .filter(({ activeSince }) => activeSince < event.position)
      .flatMap((webhook) => deliveryOf(event, webhook) ?? []);
    if ((await deliveries.add(wanted, clock.now() + firstWaitMs)) > 0) wake();
  };

  /** What is kept about a webhook follows what happens to it, also when who asked for it was cut off. */
  const follow = async (webhookId: string, event: WebhookEvent): Promise<void> => {
    if (event.type === 'WebhookSecretRotated') await secrets.expire(event.data.previousSecrets);
    if (event.type === 'WebhookDisabled')
      await deliveries.park(webhookId, `disabled: ${event.data.reason}`);
    if (event.type !== 'WebhookRemoved') return;
    await secrets.forgetWebhook(webhookId);
    await deliveries.forgetWebhook(webhookId);
  };

  return {
    // The read model has the name that the group has: what is parked would be looked for there.
    name: 'webhook-deliveries',
    group: 'webhooks',
    concurrency,
    handle: (event) =>
      event.stream.startsWith(prefix)
        ? follow(event.stream.slice(prefix.length), factOf<WebhookEvent>(event))
        : tell(event),
  };
};

const prefix = 'webhook-';
