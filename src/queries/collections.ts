import type { Collection, Db } from 'mongodb';
import { type CheckpointDocument, checkpoints } from '../../projections/checkpoints.js';
import { type ExecutionDocument, executions } from '../../projections/executions.js';
import { type MessageDocument, messages } from '../../projections/messages.js';
import { type PruneDocument, prunes } from '../../projections/prunes.js';
import { type SessionDocument, sessions } from '../../projections/sessions.js';
import { type StreamDocument, streams } from '../../projections/streams.js';
import { type TaskDocument, tasks } from '../../projections/tasks.js';
import { type WebhookDocument, webhooks } from '../../projections/webhooks.js';
import { collectionName } from '../projecting/read-model.js';

type Stored<Document> = Document & Readonly<{ _id: string; position: number }>;
type Row<Document> = Stored<Document> & Readonly<{ key: string; from: number; to: number | null }>;

/** The collections of the read models. */
export type Collections = Readonly<{
  sessions: Collection<Stored<SessionDocument>>;
  messages: Collection<Row<MessageDocument>>;
  executions: Collection<Stored<ExecutionDocument>>;
  checkpoints: Collection<Row<CheckpointDocument>>;
  prunes: Collection<Row<PruneDocument>>;
  streams: Collection<Stored<StreamDocument>>;
  tasks: Collection<Stored<TaskDocument>>;
  webhooks: Collection<Stored<WebhookDocument>>;
}>;

export type SessionRecord = Stored<SessionDocument>;
export type MessageRow = Row<MessageDocument>;
export type ExecutionRecord = Stored<ExecutionDocument>;
export type CheckpointRow = Row<CheckpointDocument>;
export type StreamRecord = Stored<StreamDocument>;
export type TaskRecord = Stored<TaskDocument>;
export type WebhookRecord = Stored<WebhookDocument>;

export const collectionsOf = (db: Db): Collections => ({
  sessions: db.collection(collectionName(sessions)),
  messages: db.collection(collectionName(messages)),
  executions: db.collection(collectionName(executions)),
  checkpoints: db.collection(collectionName(checkpoints)),
  prunes: db.collection(collectionName(prunes)),
  streams: db.collection(collectionName(streams)),
  tasks: db.collection(collectionName(tasks)),
  webhooks: db.collection(collectionName(webhooks)),
});
