import type { Logger } from 'pino';
import { type Claims, startClaims } from './claiming/claims.js';
import { noticing } from './claiming/noticing.js';
import { commandHandler } from './commands/handle.js';
import { deciders } from './domain/deciders.js';
import type { Streams } from './eventstore/lineage.js';
import type { Snapshots } from './eventstore/snapshots.js';
import type { Told } from './eventstore/told.js';
import type { Services } from './http/services.js';
import type { Clock } from './projecting/clock.js';
import type { Runner } from './projecting/runner.js';
import type { Collections } from './queries/collections.js';
import type { Telemetry } from './telemetry/telemetry.js';

type Surroundings = Readonly<{
  streams: Streams;
  snapshots: Snapshots;
  collections: Collections;
  runner: Pick<Runner, 'progress'>;
  told: Promise<Told>;
  clock: Clock;
  log: Logger;
  telemetry: Telemetry;
}>;

/** What carries out the commands on streams of each category. */
export type Handlers = Pick<
  Services,
  'sessions' | 'executions' | 'interrupts' | 'tasks' | 'workers' | 'webhooks'
>;

/** A handler for each category, measured, and the claims that hand out what those of tasks make ready. */
export const startHandlers = (
  surroundings: Surroundings,
): Readonly<{ claims: Claims; handlers: Handlers }> => {
  const { streams, snapshots, collections, runner, told, clock, log, telemetry } = surroundings;
  const tasks = telemetry.handler('task', commandHandler(streams, deciders.task));
  const claims = telemetry.claims(
    startClaims({
      streams,
      clock,
      collections,
      log,
      tasks,
      told,
      progress: { tasks: runner.progress('tasks'), queues: runner.progress('queues') },
    }),
  );
  const sessions = commandHandler(streams, deciders.session, { snapshots });
  const executions = commandHandler(streams, deciders.execution, { snapshots });
  const handlers = {
    sessions: telemetry.handler('session', sessions),
    executions: telemetry.handler('execution', executions),
    interrupts: telemetry.handler('interrupt', commandHandler(streams, deciders.interrupt)),
    tasks: noticing(tasks, claims),
    workers: telemetry.handler('worker', commandHandler(streams, deciders.worker)),
    webhooks: telemetry.handler('webhook', commandHandler(streams, deciders.webhook)),
  };
  return { claims, handlers };
};
