import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import { type CommandHandler, commandHandler } from './commands/handle.js';
import type { Config } from './config.js';
import { deciders } from './domain/deciders.js';
import type { WebhookCommand, WebhookRejection } from './domain/webhook.js';
import type { EventStore } from './eventstore/event-store.js';
import type { Streams } from './eventstore/lineage.js';
import type { WebhookCalls } from './http/services.js';
import type { Runner } from './projecting/runner.js';
import type { Collections } from './queries/collections.js';
import type { Clock } from './queries/shared-clock.js';
import { webhookDeliveriesIn } from './queries/webhook-deliveries.js';
import { webhookSecretsIn } from './queries/webhook-secrets.js';
import type { Reaction } from './reactions/reaction.js';
import { startWebhooks } from './reactions/webhooks/start-webhooks.js';

type Wanted = Readonly<{
  store: EventStore;
  streams: Streams;
  db: Db;
  collections: Collections;
  runner: Runner;
  clock: Clock;
  config: Config;
  log: Logger;
}>;

/** Webhooks, as the rest of the program sees them. */
export type OpenWebhooks = Readonly<{
  commands: CommandHandler<WebhookCommand, WebhookRejection>;
  calls: WebhookCalls;
  /** To be started with the other reactions. */
  reaction: Reaction;
  /** Removes what has had its time. */
  purge(): Promise<void>;
  /** To be called after the reactions have stopped. */
  stop(): Promise<void>;
}>;

/** Prepares the collections of webhooks and begins to make deliveries. */
export const openWebhooks = async (wanted: Wanted): Promise<OpenWebhooks> => {
  const { store, streams, db, collections, runner, clock, config, log } = wanted;
  const secrets = webhookSecretsIn(db);
  const deliveries = webhookDeliveriesIn(db, clock);
  await Promise.all([secrets.prepare(), deliveries.prepare()]);
  const commands = commandHandler(streams, deciders.webhook);
  const allowPrivate = config.WEBHOOK_ALLOW_PRIVATE;
  const { reaction, wake, resend, stop } = startWebhooks({
    ...{ store, collections, deliveries, secrets, clock, log, commands, allowPrivate },
    progress: runner.progress('webhooks'),
    scheduleSeconds: config.WEBHOOK_SCHEDULE_SECONDS,
    timeoutSeconds: config.WEBHOOK_TIMEOUT_SECONDS,
  });
  return {
    ...{ commands, reaction, stop },
    calls: { secrets, deliveries, allowPrivate, wake, resend },
    purge: async () => {
      await secrets.purge(clock.now());
      await deliveries.purge(clock.now());
    },
  };
};
