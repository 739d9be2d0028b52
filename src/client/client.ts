import { checkpointsOver, executionsOver } from './executions.js';
import { feedOver } from './feed.js';
import { interruptsOver } from './interrupts.js';
import { operationsOver } from './operations.js';
import { sessionsOver } from './sessions.js';
import { streamsOver } from './streams.js';
import { queuesOver, tasksOver } from './tasks.js';
import { type ClientOptions, httpTransport } from './transport.js';
import { webhooksOver } from './webhooks.js';
import { workersOver } from './workers.js';

// What is exported here is all there is to `forkline/client`: the package exports this module only.
export type * from './feed-types.js';
export { type FieldError, ForklineError } from './forkline-error.js';
export type * from './import-types.js';
export type * from './interrupt-types.js';
export type {
  BuiltModel,
  ModelStanding,
  ParkedEvent,
  Poison,
  ProjectionStatus,
  RebuildStatus,
  Retried,
} from './operations.js';
export type * from './replay-types.js';
export type { ExportQuery, Resumption } from './sessions.js';
export type * from './stream-types.js';
export type { AsOf } from './streams.js';
export { TaskFailure } from './task-failure.js';
export type * from './task-types.js';
export type { ClientOptions, ReadOptions, WriteOptions } from './transport.js';
export type * from './types.js';
export type * from './webhook-types.js';
export type * from './worker-types.js';

/**
 * Talks to a Forkline server. Holds no connection, but for those of feed subscriptions.
 *
 * Every call throws ForklineError when the server says no or cannot be reached.
 *
 * @throws TypeError when the address is not a URL
 */
export const forklineClient = (options: ClientOptions) => {
  const http = httpTransport(options);
  return {
    sessions: sessionsOver(http),
    executions: executionsOver(http),
    checkpoints: checkpointsOver(http),
    interrupts: interruptsOver(http),
    streams: streamsOver(http),
    operations: operationsOver(http),
    tasks: tasksOver(http),
    queues: queuesOver(http),
    workers: workersOver(http),
    webhooks: webhooksOver(http),
    feed: feedOver(options),
  };
};

export type ForklineClient = ReturnType<typeof forklineClient>;
