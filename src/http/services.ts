import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Claims } from '../claiming/claims.js';
import type { BaselineHandler, CommandHandler } from '../commands/handle.js';
import type { Caller, RequestOrigin } from '../commands/request.js';
import type { Execution, ExecutionCommand, ExecutionRejection } from '../domain/execution.js';
import type { Interrupt, InterruptCommand, InterruptRejection } from '../domain/interrupt.js';
import type { InterruptKinds } from '../domain/interrupt-kinds.js';
import type { SessionCommand, SessionRejection } from '../domain/session.js';
import type { Task, TaskCommand, TaskRejection } from '../domain/task.js';
import type { WebhookCommand, WebhookRejection } from '../domain/webhook.js';
import type { Worker, WorkerCommand, WorkerRejection } from '../domain/worker.js';
import type { EventStore } from '../eventstore/event-store.js';
import type { Streams } from '../eventstore/lineage.js';
import type { Snapshots } from '../eventstore/snapshots.js';
import type { Pages } from '../pages.js';
import type { Clock } from '../projecting/clock.js';
import type { RebuildOperations } from '../projecting/rebuild-operations.js';
import type { Retried } from '../projecting/retry-parked.js';
import type { Runner } from '../projecting/runner.js';
import type { Serving } from '../projecting/serving.js';
import type { Collections, WebhookRecord } from '../queries/collections.js';
import type { IdempotencyKeys } from '../queries/idempotency-keys.js';
import type { WebhookDeliveries } from '../queries/webhook-deliveries.js';
import type { WebhookSecrets } from '../queries/webhook-secrets.js';
import type { WorkerHeartbeats } from '../queries/worker-heartbeats.js';
import type { Audit } from './audit/audit.js';
import type { Identify } from './context.js';
import type { RateLimits } from './rate-limits.js';
import type { Readiness } from './readiness.js';

/** What operators see of reactions, and do to them. */
export type OperatedReactions = Readonly<{
  status(): readonly Readonly<{ name: string; stuck: boolean }>[];
  retry(name: string, eventId: string): Promise<Retried | undefined>;
  discard(name: string, eventId: string): Promise<Retried | undefined>;
}>;

/** What webhooks are called with. */
export type WebhookCalls = Readonly<{
  secrets: WebhookSecrets;
  deliveries: WebhookDeliveries;
  /** Whether they may go to private addresses. */
  allowPrivate: boolean;
  /** Has what happens from now on kept for webhooks: before one is registered. */
  expect(): Promise<void>;
  /** Says that something may be due. */
  wake(): void;
  /** Delivers the events since a time again, and those never delivered. @returns how many */
  resend(webhook: WebhookRecord, since: number): Promise<number>;
}>;

/** What monitoring systems are told, in a format of theirs. */
export type MetricsPage = Readonly<{ contentType: string; text: string }>;

/** What endpoints are made of. */
export type Services = Readonly<{
  store: EventStore;
  streams: Streams;
  /** What states of streams are loaded from, beside the events. */
  snapshots: Snapshots;
  sessions: CommandHandler<SessionCommand, SessionRejection>;
  executions: CommandHandler<ExecutionCommand, ExecutionRejection, Execution>;
  interrupts: BaselineHandler<InterruptCommand, InterruptRejection, Interrupt>;
  tasks: BaselineHandler<TaskCommand, TaskRejection, Task>;
  claims: Claims;
  workers: CommandHandler<WorkerCommand, WorkerRejection, Worker>;
  webhooks: CommandHandler<WebhookCommand, WebhookRejection>;
  webhookCalls: WebhookCalls;
  collections: Collections;
  runner: Runner;
  /** Which collections this node reads. */
  serving: Serving;
  rebuilding: RebuildOperations;
  reactions: OperatedReactions;
  idempotencyKeys: IdempotencyKeys;
  workerHeartbeats: WorkerHeartbeats;
  /** How many heartbeats a worker may miss until it is lost. */
  workerLostAfter: number;
  identify: Identify;
  /** Takes note of what leaves no event by itself. */
  audit: Audit;
  /** Where a request came from. */
  originOf(request: IncomingMessage): RequestOrigin;
  rateLimits: RateLimits;
  /** Which pages may use the server. */
  pages: Pages;
  readiness: Readiness;
  metrics(): Promise<MetricsPage>;
  /** Answers a request with the feed as server-sent events. */
  serveFeedEvents(request: IncomingMessage, response: ServerResponse, caller: Caller): void;
  /** The time that deadlines and leases are counted by. */
  clock: Clock;
  /** What interrupts of each kind are like. */
  interruptKinds: InterruptKinds;
  log: Logger;
}>;
