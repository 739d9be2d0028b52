import { createServer } from 'node:http';
import type { Logger } from 'pino';
import { projections } from '../projections/index.js';
import { startClaims } from './claiming/claims.js';
import { noticing } from './claiming/noticing.js';
import { commandHandler } from './commands/handle.js';
import type { Config } from './config.js';
import { deciders } from './domain/deciders.js';
import { connectEventStore } from './eventstore/db-client-event-store.js';
import { withLineage } from './eventstore/lineage.js';
import { startFeed } from './feed/feed.js';
import { serveFeedEvents } from './feed/sse.js';
import { attachFeed } from './feed/websocket.js';
import { admission } from './http/access.js';
import { createApp } from './http/app.js';
import { auditOf } from './http/audit/audit.js';
import { auditedFeed } from './http/audit/feed-audit.js';
import { startRecorder } from './http/audit/recorder.js';
import { clientAddresses } from './http/client-address.js';
import { type AuthenticationOptions, identifier, isAuthenticated } from './http/identify.js';
import { openApiKeys } from './http/identity/api-keys.js';
import { limitFeeds } from './http/limit-requests.js';
import { closeServer, listen, urlOf } from './http/listen.js';
import { oncePerRequest } from './http/once-per-request.js';
import { rateLimits } from './http/rate-limits.js';
import { originOf } from './http/request-origin.js';
import { routesOf } from './http/routes.js';
import type { Services } from './http/services.js';
import { forgettingKept } from './projecting/forget-kept.js';
import { modelsIn } from './projecting/models.js';
import { parkedIn } from './projecting/parked.js';
import { startRebuilding } from './projecting/rebuilding.js';
import { startRunner } from './projecting/runner.js';
import { servingOf } from './projecting/serving.js';
import { keepSnapshots, snapshotKinds } from './projecting/snapshot-keeper.js';
import { snapshotsIn } from './projecting/snapshot-store.js';
import { collectionsOf } from './queries/collections.js';
import { connectDatabase } from './queries/database.js';
import { idempotencyKeysIn } from './queries/idempotency-keys.js';
import { startSharedClock } from './queries/shared-clock.js';
import { webhookDeliveriesIn } from './queries/webhook-deliveries.js';
import { webhookSecretsIn } from './queries/webhook-secrets.js';
import { workerHeartbeatsIn } from './queries/worker-heartbeats.js';
import { startDeadlines } from './reactions/deadlines.js';
import { startLosingWorkers } from './reactions/lost-workers.js';
import { pipelineReaction } from './reactions/pipeline.js';
import { sessionEnded } from './reactions/session-ended.js';
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
 * @throws BadKeyFile, FolderInUse, StoreUnavailable, DatabaseUnavailable, or what listening throws
 */
export const startForkline = async (config: Config, log: Logger): Promise<Forkline> => {
  const keysFile = config.AUTH_API_KEYS_FILE;
  const apiKeys = keysFile === undefined ? undefined : await openApiKeys(keysFile, log);
  const stores = await openStores({
    dataDir: config.DATA_DIR,
    ...(config.EVENTSTORE_URL && { eventStoreUrl: config.EVENTSTORE_URL }),
    ...(config.MONGODB_URL && { mongoUrl: config.MONGODB_URL }),
  });
  const store = connectEventStore(stores.eventStoreUrl);
  const { db, close } = await connectDatabase(stores.mongoUrl, config.MONGODB_DATABASE);
  const clock = await startSharedClock(db, log);
  const streams = withLineage(store);
  const models = modelsIn(db);
  const serving = servingOf(await models.load(projections));
  const collections = collectionsOf(db, serving.collectionOf);
  const parked = parkedIn(db, store);
  const idempotencyKeys = idempotencyKeysIn(db);
  const workerHeartbeats = workerHeartbeatsIn(db);
  const secrets = webhookSecretsIn(db);
  const deliveries = webhookDeliveriesIn(db, clock);
  const prepared = [parked, idempotencyKeys, workerHeartbeats, secrets, deliveries];
  await Promise.all(prepared.map((each) => each.prepare()));

  const snapshotStore = snapshotsIn(db);
  await snapshotStore.prepare(snapshotKinds);
  const keeper = keepSnapshots(streams, snapshotStore, log);
  const snapshots = { ...snapshotStore, missed: keeper.missed };
  const forgetKept = forgettingKept({ db, streams, projections, models });
  const runner = await startRunner({
    ...{ store, streams, db, projections, parked, log },
    ...{ collectionOf: serving.collectionOf, isForeign: serving.isForeign },
    follower: async (events) => {
      await keeper.follow(events);
      await forgetKept(events);
    },
  });
  const rebuilding = startRebuilding({
    ...{ db, store, streams, projections, parked, log, models, serving, runner, clock },
  });
  const feed = startFeed(store, log);
  const taskCommands = commandHandler(streams, deciders.task);
  const claims = startClaims({
    ...{ streams, clock, collections, log, tasks: taskCommands, told: feed.told },
    progress: { tasks: runner.progress('tasks'), queues: runner.progress('queues') },
  });
  const handlers = {
    sessions: commandHandler(streams, deciders.session, { snapshots }),
    executions: commandHandler(streams, deciders.execution, { snapshots }),
    interrupts: commandHandler(streams, deciders.interrupt),
    tasks: noticing(taskCommands, claims.ready),
    workers: commandHandler(streams, deciders.worker),
    webhooks: commandHandler(streams, deciders.webhook),
  };
  const acting = { ...handlers, streams, collections, runner, clock, log };
  const webhooks = startWebhooks({
    ...{ store, collections, deliveries, secrets, clock, log },
    progress: runner.progress('webhooks'),
    commands: handlers.webhooks,
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
    scheduleSeconds: config.WEBHOOK_SCHEDULE_SECONDS,
    timeoutSeconds: config.WEBHOOK_TIMEOUT_SECONDS,
  });
  const reactions = startReactions({
    ...{ store, parked, log },
    reactions: [pipelineReaction(acting), sessionEnded(acting), webhooks.reaction],
  });
  const deadlines = startDeadlines(acting);
  const losingWorkers = startLosingWorkers({ ...acting, heartbeats: workerHeartbeats });

  const authentication: AuthenticationOptions = {
    ...(config.AUTH_JWT_SECRET && { jwtSecret: config.AUTH_JWT_SECRET }),
    ...(config.AUTH_JWKS_URL && { jwksUrl: config.AUTH_JWKS_URL }),
    ...(config.AUTH_JWT_ISSUER && { issuer: config.AUTH_JWT_ISSUER }),
    ...(config.AUTH_JWT_AUDIENCE && { audience: config.AUTH_JWT_AUDIENCE }),
    ...(apiKeys && { apiKeys }),
  };
  const calling = {
    identify: oncePerRequest(identifier(authentication, log)),
    originOf: originOf(clientAddresses(config.TRUST_PROXY)),
    keepsReads: isAuthenticated(authentication),
  };
  const recorder = startRecorder(store, log);

  const services: Services = {
    ...{ ...acting, store, snapshots, reactions, idempotencyKeys, claims, workerHeartbeats },
    ...{ serving, rebuilding },
    webhookCalls: {
      ...{ secrets, deliveries, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE },
      ...{ wake: webhooks.wake, resend: webhooks.resend },
    },
    workerLostAfter: config.WORKER_LOST_AFTER,
    interruptKinds: config.INTERRUPT_KINDS,
    serveFeedEvents: (request, response, caller) =>
      serveFeedEvents(request, response, caller, feed),
    identify: calling.identify,
    originOf: calling.originOf,
    audit: auditOf({ ...calling, recorder, collections, log }),
    rateLimits: rateLimits({
      ...{ reads: config.RATE_LIMIT_READS, writes: config.RATE_LIMIT_WRITES },
      ...{ work: config.RATE_LIMIT_WORK, bulk: config.RATE_LIMIT_BULK },
      ...{ feed: config.RATE_LIMIT_FEED, unauthenticated: config.RATE_LIMIT_UNAUTHENTICATED },
    }),
  };
  const server = createServer(createApp(routesOf(services), services));
  const opening = auditedFeed({
    ...{ ...calling, note: recorder.note },
    admit: admission('caller', services.identify),
    refuse: limitFeeds(services.rateLimits, services.originOf),
  });
  attachFeed(server, feed, opening.admit, { refuse: opening.refuse });
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
      apiKeys?.close();
      claims.stop();
      await Promise.all([closeServer(server, patienceMs), feed.stop()]);
      await Promise.all([reactions.stop(), deadlines.stop(), losingWorkers.stop()]);
      await webhooks.stop();
      await rebuilding.stop();
      await recorder.stop();
      await runner.stop();
      await keeper.stop();
      clock.stop();
      await store.close();
      await close();
      await stores.stop();
    },
  };
};
