import { Counter, Histogram, type Registry } from 'prom-client';

/** From a command that a cached state decides to one that waits for a store which is about to give up. */
const latency = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** What may wait on purpose, such as a claim, takes up to half a minute. */
const requestLatency = [...latency, 30];

/**
 * What is counted where it happens. Every label has a bounded set of values: names from the code, classes
 * of answers, names of projections; never a user, a stream, a session or anything else that clients make up.
 */
export const instrumentsIn = (registry: Registry) => {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[] = latency,
  ) => new Histogram({ name, help, labelNames, buckets, registers });

  const instruments = {
    requests: counter(
      'forkline_http_requests_total',
      'Requests answered, by route template and class of status; aborted when the client went away first.',
      ['method', 'route', 'status'],
    ),
    requestSeconds: histogram(
      'forkline_http_request_duration_seconds',
      'Time from a request to the end of its answer, without those for the feed, which go on.',
      ['method', 'route'],
      requestLatency,
    ),
    rateLimited: counter(
      'forkline_rate_limited_total',
      'Requests refused because their caller had used up a limit.',
      ['limit'],
    ),
    commands: counter(
      'forkline_commands_total',
      'Commands carried out or not: done, rejected by a rule, conflict, unavailable store, failed.',
      ['command', 'outcome'],
    ),
    commandSeconds: histogram(
      'forkline_command_duration_seconds',
      'Time that a command took, with the wait for others of its stream.',
      ['command'],
    ),
    commandRetries: counter(
      'forkline_command_retries_total',
      'Appends of commands that lost a race to another node and were decided again.',
      ['command'],
    ),
    storeSeconds: histogram(
      'forkline_event_store_duration_seconds',
      'Time waited for the event store, by operation and outcome.',
      ['operation', 'outcome'],
    ),
    storeEvents: counter(
      'forkline_event_store_events_total',
      'Events appended and read, without those of subscriptions.',
      ['operation'],
    ),
    batchSeconds: histogram(
      'forkline_projection_batch_duration_seconds',
      'Time to fold a batch of events into the read models and to write these.',
      ['outcome'],
    ),
    batchEvents: counter('forkline_projection_events_total', 'Events folded by this node.', []),
    reactionSeconds: histogram(
      'forkline_reaction_duration_seconds',
      'Time that one attempt of a reaction at an event took.',
      ['reaction', 'outcome'],
    ),
    claims: counter(
      'forkline_claims_total',
      'Claims of tasks: served, empty when there was none to be had, failed.',
      ['outcome'],
    ),
    claimedTasks: counter('forkline_claimed_tasks_total', 'Tasks handed out by claims.', []),
    webhookSeconds: histogram(
      'forkline_webhook_attempt_duration_seconds',
      'Time that an attempt to deliver to a webhook took: succeeded, refused by its answer, failed without one.',
      ['outcome'],
      requestLatency,
    ),
    feedDropped: counter(
      'forkline_feed_clients_dropped_total',
      'Clients of the feed that were let go because they were too slow.',
      ['transport'],
    ),
    scrapeErrors: counter(
      'forkline_scrape_errors_total',
      'Figures that could not be had from the database when metrics were asked for.',
      ['figures'],
    ),
  };
  // What has not happened yet is 0 and not missing: an alert can tell the first time.
  for (const outcome of ['served', 'empty', 'failed']) instruments.claims.inc({ outcome }, 0);
  for (const transport of ['websocket', 'sse']) instruments.feedDropped.inc({ transport }, 0);
  for (const figures of ['parked', 'tasks']) instruments.scrapeErrors.inc({ figures }, 0);
  return instruments;
};

export type Instruments = ReturnType<typeof instrumentsIn>;

/** Seconds since a moment of the clock of `performance`. */
export const secondsSince = (begun: number): number => (performance.now() - begun) / 1000;
