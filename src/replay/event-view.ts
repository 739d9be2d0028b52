import { shownAncestry } from '../domain/archive.js';
import type { DomainEvent } from '../domain/deciders.js';
import type { Origin, StreamForked } from '../domain/fork.js';
import { type EventMetadata, type StoredEvent, tombstoneType } from '../eventstore/event-store.js';

/** An event as users see it, over HTTP and on the feed. */
export type EventView = Readonly<{
  id: string;
  type: string;
  /** The name that user interfaces know, such as `chat.message.created`. */
  topic: string;
  stream: string;
  revision: number;
  /** Its place in the whole store, in decimal digits: it may outgrow what other languages hold in a number. */
  position: string;
  /** When the store took it, ISO 8601 UTC. */
  created: string;
  /** Without what is a secret of someone else's: the token of a lease. */
  data: unknown;
  /** Without what only serves to store the event, and what the audit alone shows. */
  metadata: Omit<EventMetadata, 'base' | OfAudit>;
}>;

/** Where an administrator works from is none of the business of those whose things they see to. */
type OfAudit = 'clientAddress' | 'userAgent' | 'keyId';

/**
 * An event as users see it: without what only storing needs, what only the audit shows, and the token
 * of a lease.
 */
export const eventView = (event: StoredEvent): EventView => {
  const { base, clientAddress, userAgent, keyId, ...metadata } = event.metadata;
  const { id, type, stream, revision, created } = event;
  const topic = topicOf(event);
  const data = shownData(event);
  return {
    id,
    type,
    topic,
    stream,
    revision,
    position: `${event.position}`,
    created,
    data,
    metadata,
  };
};

/** An event as part of a stream. `origin` is where it was written, when the stream inherited it. */
export type StreamEventView = EventView & Readonly<{ origin?: Origin }>;

/**
 * An event as part of a stream that has it, be it inherited.
 *
 * @param stream the stream it is shown in, which `stream` of the view then is
 */
export const streamEventView = (event: StoredEvent, stream: string): StreamEventView => {
  const { stream: holder, revision } = event;
  return {
    ...eventView({ ...event, stream }),
    ...(holder !== stream && { origin: { stream: holder, revision } }),
  };
};

const shownData = ({ type, data }: StoredEvent): object => {
  if (type === 'TaskClaimed') return withoutToken(data);
  if (type !== 'StreamForked') return data;
  // The codec has checked that the data is a fork's.
  const { ancestry, ...forked } = data as StreamForked['data'];
  return { ancestry: shownAncestry(ancestry), ...forked };
};

const withoutToken = (claimed: object): object => {
  const { leaseToken: _, ...shown } = claimed as { leaseToken?: unknown };
  return shown;
};

/** The raising of an interrupt is not among them: it carries its own. */
type NamedType = Exclude<DomainEvent['type'], 'InterruptRaised'> | typeof tombstoneType;

const named: Readonly<Record<NamedType, string>> = {
  SessionCreated: 'chat.session.created',
  SessionRenamed: 'chat.session.updated',
  SessionMetadataChanged: 'chat.session.updated',
  SessionArchived: 'chat.session.updated',
  SessionUnarchived: 'chat.session.updated',
  SessionActivated: 'chat.session.updated',
  SessionProcessingStarted: 'chat.session.updated',
  SessionPaused: 'chat.session.updated',
  SessionResumed: 'chat.session.updated',
  SessionCompleted: 'chat.session.updated',
  SessionFailed: 'chat.session.updated',
  SessionTerminated: 'chat.session.updated',
  SessionRestored: 'chat.session.updated',
  SessionDeleted: 'chat.session.deleted',
  MessagePosted: 'chat.message.created',
  MessageEdited: 'chat.message.edited',
  MessageDeleted: 'chat.message.deleted',
  ExecutionStarted: 'execution.started',
  StageDispatched: 'execution.stage_dispatched',
  StageFinished: 'execution.stage_finished',
  ExecutionCompleted: 'execution.completed',
  ExecutionFailed: 'execution.failed',
  ExecutionCancelled: 'execution.cancelled',
  CheckpointSaved: 'checkpoint.saved',
  CheckpointsPruned: 'checkpoint.pruned',
  InterruptResolved: 'interrupt.resolved',
  InterruptCancelled: 'interrupt.cancelled',
  InterruptExpired: 'interrupt.expired',
  TaskSubmitted: 'task.submitted',
  TaskBecameDue: 'task.became_due',
  TaskClaimed: 'task.claimed',
  TaskLeaseExtended: 'task.lease_extended',
  TaskProgressed: 'task.progressed',
  TaskCompleted: 'task.completed',
  TaskAttemptFailed: 'task.attempt_failed',
  TaskLeaseExpired: 'task.lease_expired',
  TaskDeadLettered: 'task.dead_lettered',
  TaskRetried: 'task.retried',
  TaskCancelRequested: 'task.cancel_requested',
  TaskCancelled: 'task.cancelled',
  WorkerRegistered: 'worker.registered',
  WorkerStopRequested: 'worker.stop_requested',
  WorkerStopped: 'worker.stopped',
  WorkerLost: 'worker.lost',
  WebhookRegistered: 'webhook.registered',
  WebhookSecretRotated: 'webhook.secret_rotated',
  WebhookDisabled: 'webhook.disabled',
  WebhookEnabled: 'webhook.enabled',
  WebhookRemoved: 'webhook.removed',
  StreamForked: 'stream.forked',
  StreamDetached: 'stream.detached',
  [tombstoneType]: 'stream.deleted',
};

/** The topics of all types of events that are named here, each once. */
export const namedTopics: readonly string[] = [...new Set(Object.values(named))];

const topics: ReadonlyMap<string, string> = new Map(Object.entries(named));

/**
 * The name that user interfaces know an event by; `category.type-in-kebab-case` for a type not in the
 * table. The raising of an interrupt carries its own: what settings say later does not rename it.
 */
export const topicOf = ({
  type,
  stream,
  data,
}: Pick<StoredEvent, 'type' | 'stream' | 'data'>): string =>
  topics.get(type) ??
  (type === 'InterruptRaised' ? topicIn(data) : undefined) ??
  `${categoryOf(stream)}.${kebabCase(type)}`;

const topicIn = (data: unknown): string | undefined =>
  typeof data === 'object' && data !== null && 'topic' in data ? String(data.topic) : undefined;

/** What a stream is one of: its name up to the first hyphen. */
export const categoryOf = (stream: string): string => stream.split('-', 1)[0] ?? stream;

const kebabCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
