import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { CommandHandler } from '../commands/handle.js';
import type { Caller } from '../commands/request.js';
import type { Execution, ExecutionCommand, ExecutionRejection } from '../domain/execution.js';
import type { InterruptCommand, InterruptRejection } from '../domain/interrupt.js';
import type { SessionCommand, SessionRejection } from '../domain/session.js';
import type { Task, TaskCommand, TaskRejection } from '../domain/task.js';
import type { WorkerCommand, WorkerRejection } from '../domain/worker.js';
import type { EventStore } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Runner } from '../projecting/runner.js';
import type { Collections } from '../queries/collections.js';
import type { IdempotencyKeys } from '../queries/idempotency-keys.js';
import type { Clock } from '../queries/shared-clock.js';
import type { Identify } from './context.js';

/** What endpoints are made of. */
export type Services = Readonly<{
  store: EventStore;
  streams: Streams;
  sessions: CommandHandler<SessionCommand, SessionRejection>;
  executions: CommandHandler<ExecutionCommand, ExecutionRejection, Execution>;
  interrupts: CommandHandler<InterruptCommand, InterruptRejection>;
  tasks: CommandHandler<TaskCommand, TaskRejection, Task>;
  workers: CommandHandler<WorkerCommand, WorkerRejection>;
  collections: Collections;
  runner: Runner;
  idempotencyKeys: IdempotencyKeys;
  identify: Identify;
  /** Answers a request with the feed as server-sent events. */
  serveFeedEvents(request: IncomingMessage, response: ServerResponse, caller: Caller): void;
  /** The time that deadlines and leases are counted by. */
  clock: Clock;
  log: Logger;
}>;
