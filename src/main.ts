import { createServer } from 'node:http';
import type { Logger } from 'pino';
import { projections } from '../projections/index.js';
import { commandHandler } from './commands/handle.js';
import type { Config } from './config.js';
import { deciders } from './domain/deciders.js';
import { connectEventStore } from './eventstore/db-client-event-store.js';
import { withLineage } from './eventstore/lineage.js';
import { startFeed } from './feed/feed.js';
import { serveFeedEvents } from './feed/sse.js';
import { attachFeed } from './feed/websocket.js';
import { createApp } from './http/app.js';
import { identifier } from './http/identify.js';
import { closeServer, listen, urlOf } from './http/listen.js';
import { routesOf } from './http/routes.js';
import type { Services } from './http/services.js';
import { parkedIn } from './projecting/parked.js';
import { startRunner } from './projecting/runner.js';
import { collectionsOf } from './queries/collections.js';
import { connectDatabase } from './queries/database.js';
import { idempotencyKeysIn } from './queries/idempotency-keys.js';
import { startSharedClock } from './queries/shared-clock.js';
import { webhookDeliveriesIn } from './queries/webhook-deliveries.js';
import { webhookSecretsIn } from './queries/webhook-secrets.js';
import { startReactions } from './reactions/start-reactions.js';
import { startWebhooks } from './reactions/webhooks/start-webhooks.js';
import { openStores } from './stores.js';

const patienceMs = 10_000;
const purgeEveryMs = 60 * 60 * 1000;

/** Forkline, running. */
export type Forkline = Readonly<{
  url: string;
  /** Settles when an embedded store ends by itself, with the reason. */
  failed: Promise<Error>;
  /** Finishes what is in flight, 10 s at most, flushes and closes. */
  stop(): Promise<void>;
}>;

/**
 * Starts Forkline: stores, then what depends on them, then the server.
 *
 * @throws FolderInUse, StoreUnavailable, DatabaseUnavailable, or what listening throws
 */
export const startForkline = async (config: Config, log: Logger): Promise<Forkline> => {
  const stores = await openStores({
    dataDir: config.DATA_DIR,
    ...(config.EVENTSTORE_URL && { eventStoreUrl: config.EVENTSTORE_URL }),
    ...(config.MONGODB_URL && { mongoUrl: config.MONGODB_URL }),
  });
  const store = connectEventStore(stores.eventStoreUrl);
  const { db, close } = await connectDatabase(stores.mongoUrl, config.MONGODB_DATABASE);
  const clock = await startSharedClock(db, log);
  const streams = withLineage(store);
  const parked = parkedIn(db, store);
  await parked.prepare();
  const runner = await startRunner({ store, streams, db, projections, log });
  const idempotencyKeys = idempotencyKeysIn(db);
  await idempotencyKeys.prepare();
  const collections = collectionsOf(db);
  const secrets = webhookSecretsIn(db);
  const deliveries = webhookDeliveriesIn(db, clock);
  await Promise.all([secrets.prepare(), deliveries.prepare()]);
  const webhookCommands = commandHandler(streams, deciders.webhook);
  const webhooks = startWebhooks({
    ...{ store, collections, deliveries, secrets, clock, log },
    progress: runner.progress('webhooks'),
    commands: webhookCommands,
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
    scheduleSeconds: config.WEBHOOK_SCHEDULE_SECONDS,
    timeoutSeconds: config.WEBHOOK_TIMEOUT_SECONDS,
  });
  const reactions = startReactions({ store, reactions: [webhooks.reaction], parked, log });

  const feed = startFeed(store, log);
  const services: Services = {
    ...{ store, streams, runner, idempotencyKeys, clock, log },
    sessions: commandHandler(streams, deciders.session),
    executions: commandHandler(streams, deciders.execution),
    interrupts: commandHandler(streams, deciders.interrupt),
    tasks: commandHandler(streams, deciders.task),
    workers: commandHandler(streams, deciders.worker),
    webhooks: webhookCommands,
    webhookCalls: {
      ...{ secrets, deliveries, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE },
      ...{ wake: webhooks.wake, resend: webhooks.resend },
    },
    collections,
    serveFeedEvents: (request, response, caller) =>
      serveFeedEvents(request, response, caller, feed),
    identify: identifier({
      ...(config.AUTH_JWT_SECRET && { jwtSecret: config.AUTH_JWT_SECRET }),
      ...(config.AUTH_JWKS_URL && { jwksUrl: config.AUTH_JWKS_URL }),
    }),
  };
  const server = createServer(createApp(routesOf(services), services));
  attachFeed(server, feed, services.identify);
  const purging = setInterval(() => {
    Promise.all([
      idempotencyKeys.purge(),
      secrets.purge(clock.now()),
      deliveries.purge(clock.now()),
    ]).catch((error: unknown) => log.warn({ err: error }, 'purge failed'));
  }, purgeEveryMs).unref();

  await listen(server, config.PORT, config.HOST);
  return {
    url: urlOf(server),
    failed: stores.failed,
    stop: async () => {
      clearInterval(purging);
      await Promise.all([closeServer(server, patienceMs), feed.stop(), reactions.stop()]);
      await webhooks.stop();
      await runner.stop();
      clock.stop();
      await store.close();
      await close();
      await stores.stop();
    },
  };
};
