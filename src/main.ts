import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { deadlineIn } from '../projections/deadlines.js';
import { callersOf } from './callers.js';
import { startHandlers } from './command-handlers.js';
import { noteLineage } from './commands/ended-streams.js';
import { type Config, isAuthenticated } from './config.js';
import { connectEventStore } from './eventstore/db-client-event-store.js';
import { withLineage } from './eventstore/lineage.js';
import { sharingTail } from './eventstore/shared-tail.js';
import { startFeed } from './feed/feed.js';
import { serveFeedEvents } from './feed/sse.js';
import { attachFeed } from './feed/websocket.js';
import { admission } from './http/access.js';
import { createApp } from './http/app.js';
import { auditOf } from './http/audit/audit.js';
import { auditedFeed } from './http/audit/feed-audit.js';
import { startRecorder } from './http/audit/recorder.js';
import { keepPagesFromFeed } from './http/cross-origin.js';
import type { Doorway } from './http/doorway.js';
import { takeOver } from './http/express-messages.js';
import { limitFeeds } from './http/limit-requests.js';
import { urlOf } from './http/listen.js';
import { rateLimits } from './http/rate-limits.js';
import { readinessOf } from './http/readiness.js';
import { routesOf } from './http/routes.js';
import type { Services } from './http/services.js';
import { pagesOf } from './pages.js';
import { connectDatabase } from './queries/database.js';
import { idempotencyKeysIn } from './queries/idempotency-keys.js';
import { startSharedClock } from './queries/shared-clock.js';
import { webhookDeliveriesIn } from './queries/webhook-deliveries.js';
import { webhookSecretsIn } from './queries/webhook-secrets.js';
import { workerHeartbeatsIn } from './queries/worker-heartbeats.js';
import { startDeadlines } from './reactions/deadlines.js';
import { hearDeadlines } from './reactions/heard-deadlines.js';
import { startLosingWorkers } from './reactions/lost-workers.js';
import { pipelineReaction } from './reactions/pipeline.js';
import { sessionEnded } from './reactions/session-ended.js';
import { startReactions } from './reactions/start-reactions.js';
import { startWebhooks } from './reactions/webhooks/start-webhooks.js';
import { startReadModels } from './read-models.js';
import { type Stores, untilReached } from './stores.js';
import type { Telemetry } from './telemetry/telemetry.js';

const patienceMs = 10_000;
const purgeEveryMs = 60 * 60 * 1000;

/** Forkline, running. */
export type Forkline = Readonly<{
  url: string;
  /** Settles when an embedded store ends by itself, with the reason. */
  failed: Promise<Error>;
  /** Tells load balancers to send requests elsewhere, and gives them the time to; serves on meanwhile. */
  drain(): Promise<void>;
  /** Refuses new requests, finishes what is in flight, 10 s at most, flushes and closes. */
  stop(): Promise<void>;
}>;

/**
 * Starts what depends on the stores, top to bottom, and opens the door to requests.
 *
 * @param telemetry what measures it all
 * @throws BadKeyFile, StoreUnavailable or DatabaseUnavailable
 */
export const serveOn = async (
  stores: Stores,
  door: Doorway,
  telemetry: Telemetry,
  config: Config,
  log: Logger,
): Promise<Forkline> => {
  const callers = await callersOf(config, log);
  const store = sharingTail(telemetry.store(connectEventStore(stores.eventStoreUrl)));
  await untilReached(store);
  const { db, close } = await connectDatabase(stores.mongoUrl, config.MONGODB_DATABASE);
  const clock = await startSharedClock(db, log);
  const streams = withLineage(store);
  const idempotencyKeys = idempotencyKeysIn(db, clock);
  const workerHeartbeats = workerHeartbeatsIn(db);
  const secrets = webhookSecretsIn(db);
  const deliveries = webhookDeliveriesIn(db, clock);
  const prepared = [idempotencyKeys, workerHeartbeats, secrets, deliveries];
  await Promise.all(prepared.map((each) => each.prepare()));

  const readModels = await startReadModels({
    store,
    streams,
    db,
    clock,
    deliveries,
    log,
    folding: telemetry.folding,
    // Nobody else can be at work in a database of this process's own.
    isShared: config.MONGODB_URL !== undefined,
  });
  const { runner, rebuilding, serving, collections, parked, snapshots } = readModels;

  const feed = telemetry.feed(startFeed(store, log));
  void feed.told.then(({ each }) => each(noteLineage(streams)));
  const { claims, handlers } = startHandlers({
    streams,
    snapshots,
    collections,
    runner,
    clock,
    log,
    telemetry,
    told: feed.told,
  });
  const acting = { ...handlers, streams, collections, runner, clock, log };
  const webhooks = startWebhooks({
    store,
    collections,
    deliveries,
    secrets,
    clock,
    log,
    progress: runner.progress('webhooks'),
    told: feed.told,
    commands: handlers.webhooks,
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
    scheduleSeconds: config.WEBHOOK_SCHEDULE_SECONDS,
    timeoutSeconds: config.WEBHOOK_TIMEOUT_SECONDS,
    sending: telemetry.sending,
  });
  const reactions = startReactions({
    store,
    parked,
    log,
    reactions: [
      pipelineReaction({ ...acting, told: feed.told }),
      sessionEnded(acting),
      webhooks.reaction,
    ].map(telemetry.reaction),
  });
  const heard = hearDeadlines({
    store,
    deadlineIn,
    log,
    progress: runner.progress('deadlines'),
    told: feed.told,
  });
  const deadlines = startDeadlines({ ...acting, heard });
  const losingWorkers = startLosingWorkers({ ...acting, heartbeats: workerHeartbeats });

  telemetry.observe({ runner, reactions, collections, serving, told: feed.told });
  const recorder = startRecorder(store, log);

  const services: Services = {
    ...acting,
    store,
    snapshots,
    reactions,
    idempotencyKeys,
    claims,
    workerHeartbeats,
    serving,
    rebuilding,
    webhookCalls: {
      secrets,
      deliveries,
      allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
      expect: webhooks.expect,
      wake: webhooks.wake,
      resend: webhooks.resend,
    },
    workerLostAfter: config.WORKER_LOST_AFTER,
    interruptKinds: config.INTERRUPT_KINDS,
    serveFeedEvents: (request, response, caller) =>
      serveFeedEvents(request, response, caller, feed, {
        mayStay: () => callers.mayStay(request, caller),
      }),
    identify: callers.identify,
    originOf: callers.originOf,
    audit: auditOf({ ...callers, recorder, collections, log }),
    readiness: readinessOf({
      store,
      collections,
      runner,
      serving,
      log,
      lagSeconds: config.READY_LAG_SECONDS,
      graceSeconds: config.READY_GRACE_SECONDS,
    }),
    metrics: telemetry.page,
    pages: pagesOf({ origins: config.CORS_ORIGINS, isAuthenticated: isAuthenticated(config) }),
    rateLimits: telemetry.limits(
      rateLimits({
        reads: config.RATE_LIMIT_READS,
        writes: config.RATE_LIMIT_WRITES,
        work: config.RATE_LIMIT_WORK,
        bulk: config.RATE_LIMIT_BULK,
        feed: config.RATE_LIMIT_FEED,
        unauthenticated: config.RATE_LIMIT_UNAUTHENTICATED,
      }),
    ),
  };
  const app = createApp(telemetry.routes(routesOf(services)), {
    ...services,
    identify: telemetry.identify(services.identify),
  });
  takeOver(app, door.messages);
  const opening = auditedFeed({
    ...callers,
    note: recorder.note,
    keepOut: keepPagesFromFeed(services.pages),
    admit: admission('caller', services.identify),
    refuse: limitFeeds(services.rateLimits, services.originOf),
  });
  attachFeed(door.server, feed, opening.admit, { ...opening, mayStay: callers.mayStay });
  const purging = setInterval(() => {
    Promise.all([
      idempotencyKeys.purge(),
      secrets.purge(clock.now()),
      deliveries.purge(clock.now()),
    ]).catch((error: unknown) => log.warn({ err: error }, 'purge failed'));
  }, purgeEveryMs).unref();

  door.open(telemetry.requests(app));
  return {
    url: urlOf(door.server),
    failed: stores.failed,
    drain: async () => {
      door.drain();
      await delay(config.DRAIN_SECONDS * 1_000);
    },
    stop: async () => {
      clearInterval(purging);
      callers.close();
      claims.stop();
      heard.stop();
      await Promise.all([door.close(patienceMs), feed.stop()]);
      await Promise.all([reactions.stop(), deadlines.stop(), losingWorkers.stop()]);
      await webhooks.stop();
      await recorder.stop();
      await readModels.stop();
      clock.stop();
      await store.close();
      await close();
      await stores.stop();
      telemetry.stop();
    },
  };
};
