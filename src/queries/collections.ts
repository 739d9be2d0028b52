import type { Collection, Db } from 'mongodb';
import { type AuditDocument, audit } from '../../projections/audit.js';
import { type CheckpointDocument, checkpoints } from '../../projections/checkpoints.js';
import { type DeadlineDocument, deadlines } from '../../projections/deadlines.js';
import { type ExecutionDocument, executions } from '../../projections/executions.js';
import { type InterruptDocument, interrupts } from '../../projections/interrupts.js';
import { type MessageDocument, messages } from '../../projections/messages.js';
import { type PruneDocument, prunes } from '../../projections/prunes.js';
import { type QueueDocument, queues } from '../../projections/queues.js';
import { type SessionDocument, sessions } from '../../projections/sessions.js';
import { type StreamDocument, streams } from '../../projections/streams.js';
import { type TaskDocument, tasks } from '../../projections/tasks.js';
import { type WebhookDocument, webhooks } from '../../projections/webhooks.js';
import { type WorkerDocument, workers } from '../../projections/workers.js';
import { parkedEventsIn } from '../projecting/parked.js';
import type { ParkedEvent } from '../projecting/parked-documents.js';
import type { AnyProjection } from '../projecting/projection.js';
import { collectionName } from '../projecting/read-model.js';
import { type ById, lookUpsById } from './by-id.js';

type Stored<Document> = Document & Readonly<{ _id: string; position: number }>;
type Row<Document> = Document &
  Readonly<{ _id: number; position: number; key: string; from: number; to: number | null }>;

/** The collections of the read models. */
export type Collections = Readonly<{
  sessions: Collection<Stored<SessionDocument>>;
  messages: Collection<Row<MessageDocument>>;
  executions: Collection<Stored<ExecutionDocument>>;
  checkpoints: Collection<Row<CheckpointDocument>>;
  prunes: Collection<Row<PruneDocument>>;
  streams: Collection<Stored<StreamDocument>>;
  parked: Collection<ParkedEvent>;
  workers: Collection<Stored<WorkerDocument>>;
  deadlines: Collection<Stored<DeadlineDocument>>;
  interrupts: Collection<Stored<InterruptDocument>>;
  tasks: Collection<Stored<TaskDocument>>;
  queues: Collection<Stored<QueueDocument>>;
  webhooks: Collection<Stored<WebhookDocument>>;
  audit: Collection<Stored<AuditDocument>>;
  /** Finds a document of one of them. */
  byId: ById;
}>;

export type SessionRecord = Stored<SessionDocument>;
export type MessageRow = Row<MessageDocument>;
export type ExecutionRecord = Stored<ExecutionDocument>;
export type CheckpointRow = Row<CheckpointDocument>;
export type InterruptRecord = Stored<InterruptDocument>;
export type StreamRecord = Stored<StreamDocument>;
export type WorkerRecord = Stored<WorkerDocument>;
export type TaskRecord = Stored<TaskDocument>;
export type QueueRecord = Stored<QueueDocument>;
export type AuditRecord = Stored<AuditDocument>;
export type WebhookRecord = Stored<WebhookDocument>;

/**
 * The collections of the read models in a database.
 *
 * @param nameOf which collection serves a projection at this moment. It is asked whenever a collection
 *   is taken, so that questions asked after a switch go to the new one. By default the collection of
 *   the projection's version.
 */
export const collectionsOf = (
  db: Db,
  nameOf: (projection: Pick<AnyProjection, 'name' | 'version'>) => string = collectionName,
): Collections => ({
  get sessions() {
    return db.collection<Stored<SessionDocument>>(nameOf(sessions));
  },
  get messages() {
    return db.collection<Row<MessageDocument>>(nameOf(messages));
  },
  get executions() {
    return db.collection<Stored<ExecutionDocument>>(nameOf(executions));
  },
  get checkpoints() {
    return db.collection<Row<CheckpointDocument>>(nameOf(checkpoints));
  },
  get prunes() {
    return db.collection<Row<PruneDocument>>(nameOf(prunes));
  },
  get streams() {
    return db.collection<Stored<StreamDocument>>(nameOf(streams));
  },
  get workers() {
    return db.collection<Stored<WorkerDocument>>(nameOf(workers));
  },
  get deadlines() {
    return db.collection<Stored<DeadlineDocument>>(nameOf(deadlines));
  },
  get interrupts() {
    return db.collection<Stored<InterruptDocument>>(nameOf(interrupts));
  },
  get tasks() {
    return db.collection<Stored<TaskDocument>>(nameOf(tasks));
  },
  get queues() {
    return db.collection<Stored<QueueDocument>>(nameOf(queues));
  },
  get webhooks() {
    return db.collection<Stored<WebhookDocument>>(nameOf(webhooks));
  },
  get audit() {
    return db.collection<Stored<AuditDocument>>(nameOf(audit));
  },
  parked: parkedEventsIn(db),
  byId: lookUpsById(),
});
