import type { Logger } from 'pino';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { MetricsPage } from '../http/services.js';
import { type DatabaseFigureSources, databaseFiguresIn } from './database-figures.js';
import { watchEventLoop } from './event-loop.js';
import { type FigureSources, figuresIn } from './figures.js';
import { instrumentsIn } from './instruments.js';
import { measuredBatches } from './measured-batches.js';
import { measuredClaims } from './measured-claims.js';
import { feedMeasures } from './measured-feed.js';
import { measuredHandler } from './measured-handler.js';
import { measuredLimits } from './measured-limits.js';
import { measuredReaction } from './measured-reaction.js';
import { measuredRequests } from './measured-requests.js';
import { measuredSend } from './measured-send.js';
import { measuredStore } from './measured-store.js';
import { requestNotes } from './noted.js';
import { racesOf } from './races.js';
import { tracerOf } from './tracing.js';

/** How long a command may take before it is logged as slow. */
const slowSeconds = 1;

/**
 * Everything that measures, to be put around the parts of the program, which know nothing of it: each
 * function takes a part and gives one that does the same.
 */
export const startTelemetry = (log: Logger, version: string) => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'forkline_build_info',
    help: 'Always 1; says which version runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  const instruments = instrumentsIn(registry);
  const notes = requestNotes();
  const tracer = tracerOf(version);
  const measures = { registry, instruments, notes, tracer, races: racesOf(), log, slowSeconds };
  const feed = feedMeasures(registry, instruments);
  const unwatch = watchEventLoop(log);

  return {
    store: (store: Parameters<typeof measuredStore>[0]) => measuredStore(store, measures),
    handler: <Command extends Readonly<{ type: string }>, Reason, State>(
      category: string,
      handler: Parameters<typeof measuredHandler<Command, Reason, State>>[1],
    ) => measuredHandler(category, handler, measures),
    folding: measuredBatches(measures),
    reaction: (reaction: Parameters<typeof measuredReaction>[0]) =>
      measuredReaction(reaction, measures),
    sending: (send: Parameters<typeof measuredSend>[0]) => measuredSend(send, measures),
    claims: (claims: Parameters<typeof measuredClaims>[0]) => measuredClaims(claims, instruments),
    feed: feed.measured,
    limits: (limits: Parameters<typeof measuredLimits>[0]) => measuredLimits(limits, instruments),
    identify: notes.identify,
    routes: notes.routes,
    requests: (listener: Parameters<typeof measuredRequests>[0]) =>
      measuredRequests(listener, measures),
    /** Has figures looked at that parts of the program know. To be called once. */
    observe: (sources: FigureSources & DatabaseFigureSources): void => {
      figuresIn(registry, sources);
      databaseFiguresIn(registry, sources, instruments.scrapeErrors);
    },
    page: async (): Promise<MetricsPage> => ({
      contentType: registry.contentType,
      text: await registry.metrics(),
    }),
    stop: unwatch,
  };
};

/** What {@link startTelemetry} gives. */
export type Telemetry = ReturnType<typeof startTelemetry>;
