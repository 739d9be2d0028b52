import { z } from 'zod';
import type { DomainEvent } from '../domain/deciders.js';
import { interruptKinds } from '../domain/interrupt.js';

// Stored data was parsed from JSON: telling objects from the rest is enough, and does not walk a large state.
const json = z.unknown();
const jsonObject = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const content = z.union([z.string(), z.array(jsonObject)]);
const nothing = z.object({});

const segment = z.object({ stream: z.string(), through: z.int().nonnegative() });

const message = z.object({
  messageId: z.string(),
  role: z.enum(['user', 'assistant', 'system', 'tool']),
  content,
  name: z.string().optional(),
  toolCalls: z.array(jsonObject).optional(),
  toolCallId: z.string().optional(),
  metadata: jsonObject,
});

const pipeline = z.object({
  name: z.string(),
  stages: z.array(z.object({ name: z.string(), agent: z.string(), queue: z.string().optional() })),
});

const queue = z.string();
const moment = z.string();
const afterAttempt = { retryAt: moment.optional(), final: z.literal(true).optional() };

const interruptResponse = z.object({
  text: z.string().optional(),
  approved: z.boolean().optional(),
  decision: z.string().optional(),
  data: jsonObject.optional(),
});

const deltaOperation = z.union([
  z.object({ op: z.enum(['add', 'replace']), path: z.string(), value: json }),
  z.object({ op: z.literal('remove'), path: z.string() }),
]);

const checkpointHead = {
  checkpointId: z.string(),
  agent: z.string(),
  stage: z.string(),
  stageOrder: z.int(),
  outputs: json.optional(),
  processing: z.array(jsonObject).optional(),
  taskId: z.string().optional(),
};

const stageTask = z.object({ stage: z.string(), stageOrder: z.int(), taskId: z.string() });

const attempt = z.object({
  method: z.string(),
  route: z.string(),
  status: z.int().optional(),
  code: z.string().optional(),
  target: z.string().optional(),
  ownerId: z.string().optional(),
  count: z.int().positive(),
  firstAt: moment,
  lastAt: moment,
});

/** What is written down beside the streams of users: about requests, and what detached forks inherit. */
type KeptType = 'AccessRefused' | 'OthersThingRead' | 'DeletedForGood' | 'EventArchived';

/**
 * The shape of each event's data as stored, by event type; one that is missing does not compile.
 * Fields that this build does not know are left alone: an event of a newer build stays readable.
 */
const schemas: Readonly<Record<DomainEvent['type'] | KeptType, z.ZodType>> = {
  AccessRefused: attempt,
  OthersThingRead: attempt,
  DeletedForGood: attempt,
  SessionCreated: z.object({
    userId: z.string(),
    title: z.string(),
    mode: z.enum(['interactive', 'background']),
    metadata: jsonObject,
    parentSessionId: z.string().optional(),
  }),
  SessionRenamed: z.object({ title: z.string() }),
  SessionMetadataChanged: z.object({ metadata: jsonObject }),
  SessionArchived: nothing,
  SessionUnarchived: nothing,
  SessionActivated: nothing,
  SessionProcessingStarted: nothing,
  SessionPaused: z.object({ reason: z.string().optional() }),
  SessionResumed: nothing,
  SessionCompleted: nothing,
  SessionFailed: z.object({ error: z.string() }),
  SessionTerminated: z.object({ reason: z.string().optional() }),
  SessionDeleted: nothing,
  SessionRestored: nothing,
  MessagePosted: message,
  MessageEdited: z.object({ messageId: z.string(), content }),
  MessageDeleted: z.object({ messageId: z.string() }),
  ExecutionStarted: z.object({
    userId: z.string(),
    sessionId: z.string().optional(),
    requestId: z.string().optional(),
    pipeline: pipeline.optional(),
    input: json,
    held: z.literal(true).optional(),
  }),
  CheckpointSaved: z.union([
    z.object({ ...checkpointHead, state: jsonObject }),
    z.object({ ...checkpointHead, stateDelta: z.array(deltaOperation) }),
  ]),
  ExecutionCompleted: z.object({ output: json.optional() }),
  ExecutionFailed: z.object({ error: z.string() }),
  ExecutionCancelled: z.object({ reason: z.string().optional() }),
  StageDispatched: stageTask,
  StageFinished: stageTask,
  CheckpointsPruned: z.object({ through: z.int().nonnegative(), count: z.int() }),
  InterruptRaised: z.object({
    kind: z.enum(interruptKinds),
    requestId: z.string(),
    userId: z.string(),
    sessionId: z.string(),
    executionId: z.string().optional(),
    question: z.string().optional(),
    message: z.string().optional(),
    data: jsonObject.optional(),
    responses: z.array(z.enum(['text', 'approved', 'decision'])),
    requiresResponse: z.boolean(),
    topic: z.string(),
    ttlSeconds: z.number().optional(),
    expiresAt: moment.optional(),
    traceId: z.string().optional(),
    spanId: z.string().optional(),
  }),
  InterruptResolved: z.object({ response: interruptResponse, respondedBy: z.string() }),
  InterruptCancelled: z.object({ reason: z.string().optional() }),
  InterruptExpired: nothing,
  TaskSubmitted: z.object({
    userId: z.string(),
    type: z.string(),
    queue,
    priority: z.int(),
    payload: json,
    maxAttempts: z.int(),
    timeoutSeconds: z.number(),
    notBefore: moment.optional(),
    delayed: z.boolean().optional(),
    sessionId: z.string().optional(),
    executionId: z.string().optional(),
  }),
  TaskBecameDue: z.object({ queue }),
  TaskClaimed: z.object({
    queue,
    workerId: z.string(),
    attempt: z.int(),
    leaseToken: z.string(),
    leaseSeconds: z.number(),
    leaseExpiresAt: moment,
    timesOutAt: moment,
  }),
  TaskLeaseExtended: z.object({ queue, leaseExpiresAt: moment }),
  TaskProgressed: z.object({
    queue,
    at: moment,
    percent: z.number(),
    status: z.string().optional(),
  }),
  TaskCompleted: z.object({ queue, workerId: z.string(), result: json.optional() }),
  TaskAttemptFailed: z.object({ queue, workerId: z.string(), error: z.string(), ...afterAttempt }),
  TaskLeaseExpired: z.object({
    queue,
    workerId: z.string(),
    reason: z.enum(['lease-expired', 'timed-out']),
    ...afterAttempt,
  }),
  TaskDeadLettered: z.object({ queue, reason: z.string() }),
  TaskRetried: z.object({ queue, from: z.enum(['dead', 'cancelled', 'delayed', 'fork']) }),
  TaskCancelRequested: z.object({ queue, reason: z.string().optional() }),
  TaskCancelled: z.object({
    queue,
    from: z.enum(['ready', 'delayed', 'running', 'dead']),
    workerId: z.string().optional(),
    reason: z.string().optional(),
  }),
  WorkerRegistered: z.object({
    userId: z.string(),
    queues: z.array(z.string()),
    maxConcurrentTasks: z.int(),
    heartbeatSeconds: z.number(),
  }),
  WorkerStopRequested: nothing,
  WorkerStopped: nothing,
  WorkerLost: z.object({ lastHeartbeatAt: moment.optional() }),
  WebhookRegistered: z.object({
    userId: z.string(),
    everyone: z.boolean(),
    url: z.string(),
    topics: z.array(z.string()),
    secretRef: z.string(),
  }),
  WebhookSecretRotated: z.object({
    secretRef: z.string(),
    previousSecrets: z.array(z.object({ secretRef: z.string(), until: moment })),
  }),
  WebhookDisabled: z.object({ reason: z.string() }),
  WebhookEnabled: nothing,
  WebhookRemoved: nothing,
  StreamForked: z.object({
    ancestry: z.array(segment).min(1),
    reason: z.string().optional(),
    scope: z.enum(['stream', 'tree']),
    expiresAt: moment.optional(),
    sessionId: z.string().optional(),
    executionId: z.string().optional(),
  }),
  StreamDetached: nothing,
  // What it was before is checked when it is taken out of the archive.
  EventArchived: jsonObject,
};

/** The schema of an event type's data; undefined for a type that this build does not know. */
export const schemaOfEvent = (type: string): z.ZodType | undefined => known.get(type);

const known: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(schemas));
